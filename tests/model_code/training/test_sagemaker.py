"""The container's contract: what is read, where things go, and a failure's reason without anything from the data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from model_code.errors import ManifestError, UsageError
from model_code.training.sagemaker import (
    REASON_CHARACTERS,
    Container,
    one_process_a_gpu,
    reason,
    reasons_told,
    this_container,
)
from tests.cli import REPOSITORY, environment, error_line, overread


def made(base: Path, settings: dict[str, Any] | None = None, *, hosts: list[str] | None = None) -> Path:
    """A container's tree as SageMaker makes it."""
    for folder in ("input/config", "input/data", "model", "output/data", "checkpoints"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    resources = {"current_host": "algo-1", "hosts": hosts or ["algo-1"]}
    (base / "input/config/resourceconfig.json").write_text(json.dumps(resources))
    if settings is not None:
        (base / "input/config/hyperparameters.json").write_text(json.dumps(settings))
    return base


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path / "ml"))
    return tmp_path / "ml"


def test_a_laptop_is_no_container(base: Path) -> None:
    assert this_container() is None


def test_hyperparameters_are_ours_but_the_toolkits_and_the_tuners(base: Path) -> None:
    theirs = {"sagemaker_program": "x.py", "_tuning_objective_metric": '"val_auroc"'}
    made(base, {"epochs": "3", "arch-x": '"resnet18"', **theirs}, hosts=["algo-2", "algo-1"])
    container = this_container()
    assert container == Container(base, {"epochs": "3", "arch-x": "resnet18"}, ("algo-1", "algo-2"), "algo-1")
    assert container is not None and (container.model, container.checkpoints) == (base / "model", base / "checkpoints")


def test_a_job_without_hyperparameters_has_none(base: Path) -> None:
    container = this_container() if made(base) else None
    assert container is not None and container.settings == {}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"hosts": 1, "current_host": "a"}'])
def test_a_configuration_that_cannot_be_read_is_told(content: str, base: Path) -> None:
    (made(base) / "input/config/resourceconfig.json").write_text(content)
    with pytest.raises(UsageError, match=r"SageMaker's configuration in .* cannot be read"):
        this_container()


@pytest.mark.parametrize(("channels", "expected"), [(["data", "code"], "data"), (["train", "val", "test", "code"], "")])
def test_the_data_is_one_channel_or_one_a_split(channels: list[str], expected: str, base: Path) -> None:
    for channel in channels:
        (made(base) if not base.exists() else base).joinpath("input/data", channel).mkdir()
    container = this_container()
    assert container is not None and container.data == base / "input/data" / expected


def test_a_job_without_data_is_told(base: Path) -> None:
    container = this_container() if made(base) else None
    assert container is not None
    with pytest.raises(UsageError, match="no channel 'data', nor 'train' and 'val'"):
        _ = container.data


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_failures_reason_holds_nothing_from_the_data() -> None:
    assert reason(ManifestError("the film '/data/Doe_Jane/1.png' is in the manifest but not on disk")) == (
        "the film '…' is in the manifest but not on disk"
    )
    assert "Doe" not in reason(ValueError("could not convert string 'Doe^Jane' to float"))
    assert reason(UsageError("unknown\npreset 'x'")) == "unknown preset 'x'"
    assert len(reason(UsageError("x" * 5000))) == REASON_CHARACTERS


def test_the_reason_is_left_where_sagemaker_looks_for_it(base: Path) -> None:
    container = this_container() if made(base) else None
    with pytest.raises(ManifestError), reasons_told(container):
        raise ManifestError("no film")
    assert (base / "output/failure").read_text() == "no film"
    with pytest.raises(ManifestError), reasons_told(None):
        raise ManifestError("no film")


def test_being_told_to_stop_is_no_failure(base: Path) -> None:
    container = this_container() if made(base) else None
    with pytest.raises(SystemExit), reasons_told(container):
        raise SystemExit(143)
    assert not (base / "output/failure").exists()


def test_the_command_needs_no_options_in_a_container_and_says_there_what_is_wrong(base: Path) -> None:
    made(base, {"task": "chest14", "epoch": "3"})
    done = overread("train")
    assert done.returncode == 2
    assert error_line(done) == (base / "output/failure").read_text() == "unknown setting 'epoch'; did you mean 'epochs'?"


def test_on_a_laptop_the_command_needs_data_and_a_place(base: Path, tmp_path: Path) -> None:
    assert error_line(overread("train", "--out", tmp_path / "out")).startswith("--data is missing")
    assert error_line(overread("train", "--data", tmp_path)).startswith("--out is missing")


# --- several GPUs or machines -----------------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that this process would have become."""
    commands: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, command: commands.append(command))
    monkeypatch.setattr(sys, "argv", ["overread", "train", "--epochs", "2"])
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    return commands


@pytest.mark.parametrize(
    ("gpus", "hosts", "expected"),
    [
        (0, ["algo-1"], None),
        (1, ["algo-1"], None),
        (4, ["algo-1"], {"--nproc-per-node=4", "--standalone"}),
        (0, ["algo-1", "algo-0"], {"--nproc-per-node=1", "--nnodes=2", "--node-rank=1", "--master-addr=algo-0"}),
        (8, ["algo-1", "algo-2"], {"--nproc-per-node=8", "--nnodes=2", "--node-rank=0", "--master-addr=algo-1"}),
    ],
)
def test_each_gpu_and_machine_of_a_job_gets_a_process(
    gpus: int, hosts: list[str], expected: set[str] | None, base: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    made(base, hosts=hosts)
    one_process_a_gpu(this_container())
    if expected is None:
        assert started == []
        return
    (command,) = started
    assert expected <= set(command)
    assert command[-5:] == ["-m", "model_code", "train", "--epochs", "2"]
    monkeypatch.setenv("WORLD_SIZE", "2")
    one_process_a_gpu(this_container())
    one_process_a_gpu(None)
    assert len(started) == 1


def test_the_gpus_of_one_machine_meet_without_its_name(
    base: Path, started: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workstation that runs the pipeline does not know the name ``algo-1``."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    made(base)
    one_process_a_gpu(this_container())
    (command,) = started
    program = tmp_path / "meet.py"
    program.write_text("from torch import distributed as d; d.init_process_group('gloo'); d.barrier(); d.destroy_process_group()")
    own = command.index("model_code") - 1
    done = subprocess.run(
        [*command[:own], str(program)], capture_output=True, text=True, env=environment(), cwd=REPOSITORY, timeout=60
    )
    assert done.returncode == 0, done.stderr
