"""Runs in MLflow: what is recorded, that an interrupted run goes on as the same one, and that no server can stop training."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from model_code.bundle import Bundle, open_bundle
from model_code.data.manifest import Manifest, read_manifest
from model_code.errors import UsageError
from model_code.tasks import CHEST14
from model_code.train import train
from model_code.training import experiments
from model_code.training.config import TrainConfig
from model_code.training.epochs import Epoch
from model_code.training.experiments import NOTE, MlflowRecorder, Recorder, make_recorder
from tests.cli import python
from tests.conftest import Line

CONFIG = TrainConfig("chest14", "resnet18", image_size=32, experiment="shapes")
HISTORY = [Epoch(number, 0.7 / number, 0.8 / number, 0.6 + number / 10, 0.5, 3.0) for number in (1, 2, 3)]
ARN = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/overread"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with MLflow's tables, which take seconds to make."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    experiments._client(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def address(empty: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A store of its own for a test."""
    shutil.copy(empty, tmp_path / "mlflow.db")
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    return address


@pytest.fixture
def manifest(data: Path) -> Manifest:
    return read_manifest(data, CHEST14)


@pytest.fixture
def trained(line: Line) -> Bundle:
    return open_bundle(line.trained)


def recorder(manifest: Manifest, folder: Path) -> Recorder:
    return make_recorder(CONFIG, manifest, folder, leads=True)


def runs(address: str) -> list[Run]:
    client = MlflowClient(address)
    found = client.get_experiment_by_name(CONFIG.experiment)
    return list(client.search_runs([found.experiment_id])) if found else []


def steps(address: str, run: Run, metric: str) -> list[tuple[int, float]]:
    return [(one.step, one.value) for one in MlflowClient(address).get_metric_history(run.info.run_id, metric)]


def test_a_run_is_recorded_whole(address: str, manifest: Manifest, trained: Bundle, tmp_path: Path) -> None:
    run = recorder(manifest, tmp_path / "checkpoints")
    run.epochs(HISTORY[:1])
    run.epochs(HISTORY[:2])
    run.finish(trained)

    (found,) = runs(address)
    assert found.info.status == "FINISHED" and found.info.run_name == "chest14-resnet18"
    assert found.data.params["architecture"] == "resnet18" and found.data.params["seed"] == "0"
    assert found.data.params["data.train"] == str(len(manifest.split("train")))
    assert found.data.tags["data.manifest_sha256"] == manifest.sha256
    assert found.data.tags["bundle.sha256"] == trained.sha256
    assert steps(address, found, "val_auroc") == [(1, 0.7), (2, 0.8)]
    assert {"train_loss", "val_loss", "val_accuracy", "seconds"} < set(found.data.metrics)
    kept = MlflowClient(address).list_artifacts(found.info.run_id, "bundle")
    assert [file.path for file in kept] == ["bundle/MODEL_CARD.md", "bundle/bundle.json"]


def test_an_interrupted_run_goes_on_as_the_same_one(address: str, manifest: Manifest, tmp_path: Path) -> None:
    """Its second life finds the run's id beside the checkpoints, and says again what it had said before it was killed."""
    recorder(manifest, tmp_path / "checkpoints").epochs(HISTORY[:2])

    recorder(manifest, tmp_path / "checkpoints").epochs(HISTORY[1:])

    (found,) = runs(address)
    assert [step for step, _ in steps(address, found, "val_auroc")] == [1, 2, 3]
    assert found.info.status == "RUNNING"


def test_another_experiment_is_another_run(address: str, manifest: Manifest, tmp_path: Path) -> None:
    recorder(manifest, tmp_path / "checkpoints").epochs(HISTORY[:1])
    note = json.loads((tmp_path / "checkpoints" / NOTE).read_text())
    (tmp_path / "checkpoints" / NOTE).write_text(json.dumps({**note, "experiment": "lines"}))

    recorder(manifest, tmp_path / "checkpoints").epochs(HISTORY[:1])

    assert len(runs(address)) == 2


def test_another_server_is_another_run(
    address: str, empty: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recorder(manifest, tmp_path / "checkpoints").epochs(HISTORY[:1])
    other = f"sqlite:///{shutil.copy(empty, tmp_path / 'other.db')}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", other)

    recorder(manifest, tmp_path / "checkpoints").epochs(HISTORY[:1])

    assert len(runs(address)) == len(runs(other)) == 1


def test_a_password_in_the_address_is_not_kept_and_may_change(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with managed_server() as (endpoint, asked):
        for password in ("opensesame", "sesameopen"):
            monkeypatch.setenv("MLFLOW_TRACKING_URI", endpoint.replace("//", f"//jane:{password}@"))
            recorder(manifest, tmp_path).epochs(HISTORY[:1])

    assert asked.paths.count("runs/create") == 1
    told = (tmp_path / NOTE).read_text() + "".join(capsys.readouterr())
    assert not any(word in told for word in ("jane", "sesame", endpoint))


@pytest.mark.parametrize("note", ["", "[]", '{"run": 3}'])
def test_a_note_that_cannot_be_read_begins_a_run(note: str, address: str, manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / NOTE).write_text(note)

    recorder(manifest, tmp_path).epochs(HISTORY[:1])

    assert len(runs(address)) == 1


def test_no_film_folder_or_user_is_named(address: str, manifest: Manifest, trained: Bundle, tmp_path: Path) -> None:
    config = replace(CONFIG, pretrained=str(tmp_path / "weights.pth"))
    run = make_recorder(config, manifest, tmp_path / "checkpoints", leads=True)
    run.epochs(HISTORY)
    run.finish(trained)

    (found,) = runs(address)
    told = json.dumps([found.data.to_dictionary(), found.info.user_id])
    assert not any(path.name in told for path in manifest.paths)
    assert str(tmp_path) not in told and str(manifest.root) not in told
    assert found.data.params["pretrained"] == "weights.pth" and found.info.user_id == "unknown"


def test_without_an_address_it_is_a_file_in_this_folder(
    empty: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty, tmp_path / "mlflow.db")

    recorder(manifest, tmp_path / "checkpoints").epochs(HISTORY)

    assert len(runs(f"sqlite:///{tmp_path / 'mlflow.db'}")) == 1


def test_a_run_is_trained_and_recorded(address: str, data: Path, tmp_path: Path) -> None:
    config = TrainConfig("chest14", "resnet18", image_size=32, output_stride=8, epochs=1, experiment="shapes")

    bundle = train(config, data=data, out=tmp_path / "bundle", checkpoints=tmp_path / "checkpoints")

    (found,) = runs(address)
    (epoch,) = bundle.info.training.epochs
    assert found.data.metrics["val_auroc"] == epoch["val_auroc"] and found.data.metrics["train_loss"] == epoch["train_loss"]
    assert found.data.tags["bundle.version"] == bundle.info.version


def test_a_server_that_is_away_costs_one_message(
    manifest: Manifest, trained: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    run = recorder(manifest, tmp_path / "checkpoints")
    run.epochs(HISTORY)
    run.finish(trained)

    said = capsys.readouterr().err
    assert said.count("the experiment 'shapes' cannot be recorded now (MlflowException)") == 1


def test_what_was_missed_is_recorded_later(
    address: str, manifest: Manifest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = experiments._client

    def away(address: str) -> MlflowClient:
        raise ConnectionError

    monkeypatch.setattr(experiments, "_client", away)
    run = recorder(manifest, tmp_path / "checkpoints")
    run.epochs(HISTORY[:1])
    monkeypatch.setattr(experiments, "_client", client)
    run.epochs(HISTORY[:2])

    (found,) = runs(address)
    assert [step for step, _ in steps(address, found, "val_loss")] == [1, 2]


@pytest.mark.parametrize(("config", "leads"), [(TrainConfig("chest14", "resnet18", image_size=32), True), (CONFIG, False)])
def test_nothing_is_recorded_without_an_experiment_or_by_a_second_process(
    config: TrainConfig, leads: bool, address: str, manifest: Manifest, tmp_path: Path
) -> None:
    run = make_recorder(config, manifest, tmp_path, leads=leads)
    run.epochs(HISTORY)

    assert not isinstance(run, MlflowRecorder) and not runs(address) and not list(tmp_path.glob(NOTE))


@pytest.mark.parametrize(("package", "address"), [("mlflow", "http://127.0.0.1:9"), ("sagemaker_mlflow", ARN)])
def test_a_missing_package_is_told_with_what_to_install(
    package: str, address: str, manifest: Manifest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))

    with pytest.raises(UsageError, match=rf"--experiment needs {package}.*pip install 'overread\[experiments\]'"):
        recorder(manifest, tmp_path)


def test_who_records_nothing_imports_nothing() -> None:
    loaded = python("import sys, model_code.train; print(*sorted(name.partition('.')[0] for name in sys.modules))")

    assert not {"mlflow", "sqlalchemy", "boto3"} & set(loaded.split())
    assert "mlflow" in sys.modules  # here it is


class Asked:
    """What a managed server was sent."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    @property
    def paths(self) -> list[str]:
        return [path.rpartition("/mlflow/")[2] for path, _, _ in self.requests]


@contextmanager
def managed_server() -> Iterator[tuple[str, Asked]]:
    """Stands in for SageMaker's tracking server: answers what MLflow's REST client asks of it."""
    asked = Asked()
    answers: dict[str, dict[str, Any]] = {
        "experiments/get-by-name": {"experiment": {"experiment_id": "7", "name": "shapes", "artifact_location": "s3://bucket/7"}},
        "runs/create": {"run": {"info": {"run_id": "r1", "experiment_id": "7", "status": "RUNNING"}, "data": {}}},
        "metrics/get-history": {"metrics": []},
    }

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = urlparse(self.path).path
            asked.requests.append((path, dict(self.headers.items()), json.loads(body or b"{}")))
            content = json.dumps(answers.get(path.rpartition("/mlflow/")[2], {})).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

        def log_message(self, format: str, *arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_that_sagemaker_manages_is_reached_by_its_arn(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Through the real plugin: requests are signed, and say which server they are for."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", ARN)
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with managed_server() as (endpoint, asked):
        monkeypatch.setenv("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", endpoint)

        recorder(manifest, tmp_path).epochs(HISTORY[:1])

    assert {"experiments/get-by-name", "runs/create", "runs/log-parameter", "runs/log-metric"} <= set(asked.paths)
    _, headers, body = next(one for one in asked.requests if one[0].endswith("runs/log-metric"))
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert ARN in headers.values()
    assert (body["run_id"], body["step"]) == ("r1", 1)
