"""The commands on the account: exit codes, JSON on standard output, and what Ctrl-C leaves."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from model_code.__main__ import app
from model_code.cloud.aws import Aws
from model_code.cloud.jobs import TRAIN, Job
from model_code.errors import OverreadError, UsageError
from model_code.packing import tar_gz_of
from tests.model_code.cloud.conftest import put, stack

Run = Callable[..., Result]


@pytest.fixture
def run(account: Aws) -> Run:
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def test_a_job_is_started_followed_and_described(account: Aws, run: Run) -> None:
    done = run("submit", "train", "--data", "s3://shards/chest14/mine", "--parameter", "Epochs=2", "--json", "--", "--seed", "7")
    told = json.loads(done.stdout)

    assert done.exit_code == 0 and told["state"] == "Completed" and told["brought"] == []
    arguments = Job(account, TRAIN, told["job"]).describe()["AlgorithmSpecification"]["ContainerArguments"]
    assert arguments[arguments.index("--epochs") + 1] == "2" and arguments[-2:] == ["--seed", "7"]


def test_one_comes_back_to_a_job_and_brings_its_bundle(account: Aws, run: Run, tmp_path: Path) -> None:
    started = json.loads(run("submit", "train", "--data", "s3://shards/x", "--json").stdout)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/bundle.json").write_text("{}")
    put(account, started["outputs"]["model"], tar_gz_of(tmp_path / "model"))

    done = run("submit", "train", "--attach", started["job"], "--out", tmp_path / "out", "--json")

    assert json.loads(done.stdout)["brought"] == [f"{tmp_path / 'out/bundle'} (bundle)"]
    assert (tmp_path / "out/bundle/bundle.json").is_file()


def test_ctrl_c_leaves_the_job_and_says_how_to_come_back(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Job, *_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Job, "follow", interrupted)
    done = run("submit", "process", "prepare", "--json")

    assert done.exit_code == 130 and done.stdout == ""
    assert "the job goes on; come back: overread submit process --attach overread-dev-prepare-" in done.stderr
    assert "end it: overread submit process --stop overread-dev-prepare-" in done.stderr


def test_a_lost_connection_leaves_the_job_and_says_how_to_come_back(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: Job) -> None:
        raise OverreadError("sagemaker:describe_training_job: EndpointConnectionError; check credentials, region and rights")

    monkeypatch.setattr(Job, "describe", lost)
    done = run("submit", "train", "--data", "s3://shards/x", "--json")

    assert isinstance(done.exception, OverreadError) and done.stdout == ""
    assert "the job goes on; come back: overread submit train --attach overread-dev-train-" in done.stderr


def test_of_a_job_that_failed_nobody_says_that_it_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "state", lambda *_: "Failed")
    done = run("submit", "train", "--data", "s3://shards/x", "--json")

    assert isinstance(done.exception, OverreadError) and "ended as Failed" in str(done.exception)
    assert "goes on" not in done.stderr


def test_a_job_can_be_stopped(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(Aws, "call", lambda _, *what, **request: asked.append((what, request)))  # moto cannot stop any
    done = run("submit", "train", "--stop", "overread-dev-train-1", "--json")

    assert asked == [(("sagemaker", "stop_training_job"), {"TrainingJobName": "overread-dev-train-1"})]
    assert done.exit_code == 0 and json.loads(done.stdout) == {"job": "overread-dev-train-1", "state": "Stopping"}


def test_a_transform_is_started(run: Run) -> None:
    done = run("submit", "transform", "--model", "s3://a/model.tar.gz", "--films", "s3://f/in", "--json")
    assert done.exit_code == 0 and list(json.loads(done.stdout)["outputs"]) == ["readings"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("submit", "train"), "no data; give --data s3://BUCKET/PREFIX"),
        (("submit", "transform", "--model", "s3://a/b"), "no model or no films"),
        (("submit", "builtin"), "no data; give --dataset FOLDER and --data"),
        (("submit", "builtin", "--dataset", ".", "--data", "s3://a"), "has no output BuiltinPipelineName"),
        (("submit", "train", "--data", "s3://x", "--parameter", "Epochs"), "--parameter is 'Epochs'"),
        (("endpoint", "invoke", "film.png"), "the stack 'overread-dev-endpoint' is not in this account"),
    ],
)
def test_wrong_use_is_told(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, UsageError) and message in str(done.exception)


def test_a_reading_of_the_endpoint_is_printed(account: Aws, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.dumps(
        {
            "schema": "overread.reading/1",
            "id": "00000000-0000-0000-0000-000000000000",
            "task": "chest14",
            "model": {"name": "chest14-densenet121", "version": "1.2.3", "sha256": "ab" * 32},
            "status": "not_assessed",
            "reasons": [{"code": "not_a_chest_film", "detail": "a leg"}],
            "findings": [],
            "image": None,
            "timing_ms": {"decode": 1.0, "model": 2.0, "total": 3.0},
            "notice": "Research use only.",
        }
    )
    call = Aws.call

    def answering(self: Aws, service: str, operation: str, **request: Any) -> Any:
        if operation == "invoke_endpoint":  # moto takes text only
            return {"Body": io.BytesIO(said.encode())}
        return call(self, service, operation, **request)

    monkeypatch.setattr(Aws, "call", answering)
    stack(account, "endpoint", ChampionEndpoint="overread-dev-chest14", ChampionEndpointKind="realtime")
    (tmp_path / "film.png").write_bytes(b"\x89PNG")

    assert json.loads(run("endpoint", "invoke", tmp_path / "film.png", "--json").stdout) == json.loads(said)
    shown = run("endpoint", "invoke", tmp_path / "film.png")
    assert shown.exit_code == 0 and "not_a_chest_film: a leg" in shown.stdout
