"""Runs side by side: what a run was set to, what its epochs gave and what it ended in, in MLflow.

Where is what ``MLFLOW_TRACKING_URI`` says: a server's address, a file of SQLite, or the ARN of a server or an app that SageMaker
manages (by ``sagemaker-mlflow``). Without it: ``mlflow.db`` and ``mlartifacts/`` in the current folder, as MLflow itself would.

The run's id lies beside the checkpoints, so that a run that was interrupted goes on as the same run. A server that fails costs
one message: what could not be recorded is tried again after each epoch, and training goes on. Recorded are settings, figures and
hashes; no name of a film, a folder or a user.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model_code import __version__
from model_code.code_sum import code_sha256
from model_code.data.manifest import Manifest
from model_code.errors import UsageError
from model_code.files import write_json
from model_code.progress import console
from model_code.training.config import TrainConfig, told
from model_code.training.epochs import Epoch

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

    from model_code.bundle import Bundle

NOTE: Final = "experiment.json"
ADDRESS: Final = "MLFLOW_TRACKING_URI"
SETTINGS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nothing is told to others
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # the next epoch tries again
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""MLflow's own settings, where the environment does not name them."""


class Recorder:
    """Records nothing: of a run without an experiment, and of all processes but the first."""

    def epochs(self, history: Sequence[Epoch]) -> None:
        """The epochs so far, after each one."""

    def finish(self, bundle: Bundle) -> None:
        """The bundle that the run ended in."""


def make_recorder(config: TrainConfig, manifest: Manifest, checkpoints: Path, *, leads: bool) -> Recorder:
    """The recorder of a run.

    Args:
        config: names the experiment, or none.
        manifest: the run's data.
        checkpoints: where the run's id is kept.
        leads: whether this is the process that writes.

    Raises:
        UsageError: MLflow is not installed, or what the address needs is not.
    """
    if not config.experiment or not leads:
        return Recorder()
    address = os.environ.get(ADDRESS) or f"sqlite:///{Path('mlflow.db').resolve()}"
    for package, needed in (
        ("mlflow", True),
        ("sqlalchemy", address.startswith("sqlite:")),
        ("sagemaker_mlflow", address.startswith("arn:")),
    ):
        if needed and importlib.util.find_spec(package) is None:
            raise UsageError(f"--experiment needs {package}, which is not installed; run: pip install 'overread[experiments]'")
    return MlflowRecorder(config, manifest, checkpoints, address)


class MlflowRecorder(Recorder):
    """Records a run in MLflow."""

    def __init__(self, config: TrainConfig, manifest: Manifest, checkpoints: Path, address: str) -> None:
        self.config, self.manifest, self.address = config, manifest, address
        self.note = checkpoints / NOTE
        self.run = self._noted()
        self.recorded: int | None = None
        """Epochs that the server has; None before it was asked."""
        self.told = False
        self._try(lambda client: self._ensure_run(client))

    def epochs(self, history: Sequence[Epoch]) -> None:
        self._try(lambda client: self._record(client, history))

    def finish(self, bundle: Bundle) -> None:
        info = bundle.info
        self._try(lambda client: self._record(client, [Epoch(**done) for done in info.training.epochs]))
        self._try(lambda client: self._end(client, bundle))

    def _end(self, client: MlflowClient, bundle: Bundle) -> None:
        run, info = self._ensure_run(client), bundle.info
        client.set_tag(run, "bundle.name", info.name)
        client.set_tag(run, "bundle.version", info.version)
        client.set_tag(run, "bundle.sha256", bundle.sha256)
        client.log_param(run, "best_epoch", info.training.best_epoch)
        for name in ("bundle.json", "MODEL_CARD.md"):
            client.log_artifact(run, str(bundle.folder / name), "bundle")
        client.set_terminated(run)

    def _record(self, client: MlflowClient, history: Sequence[Epoch]) -> None:
        """The epochs that the server does not have yet; more than one where it was away, or the run was interrupted."""
        run = self._ensure_run(client)
        if self.recorded is None:
            self.recorded = max((metric.step for metric in client.get_metric_history(run, "val_auroc")), default=0)
        for done in history:
            if done.epoch > self.recorded:
                for name, value in asdict(done).items():
                    if name != "epoch":
                        client.log_metric(run, name, value, step=done.epoch)
                self.recorded = done.epoch

    def _ensure_run(self, client: MlflowClient) -> str:
        """The id of this run, which is begun where it is not yet."""
        if self.run is None:
            kept = client.get_experiment_by_name(self.config.experiment)
            experiment = kept.experiment_id if kept else client.create_experiment(self.config.experiment, self._artifacts())
            tags = {
                "code.version": __version__,
                "code.sha256": code_sha256(),
                "data.manifest_sha256": self.manifest.sha256,
            }
            run = client.create_run(experiment, run_name=f"{self.config.task}-{self.config.architecture}", tags=tags).info.run_id
            for name, value in told(self.config).items():
                client.log_param(run, name, value)
            for split, films in self.manifest.frame["split"].value_counts().sort_index().items():
                client.log_param(run, f"data.{split}", films)
            self.note.parent.mkdir(parents=True, exist_ok=True)
            write_json(self.note, {"experiment": self.config.experiment, "server": _sum(self.address), "run": run})
            self.run = run
        return self.run

    def _noted(self) -> str | None:
        """The id of the run that goes on here, if it was recorded at the same place."""
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
            same = (note["experiment"], note["server"]) == (self.config.experiment, _sum(self.address))
            return str(note["run"]) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _artifacts(self) -> str | None:
        """Beside a file of SQLite; a server knows where."""
        path = self.address.removeprefix("sqlite:///")
        return (Path(path).resolve().parent / "mlartifacts").as_uri() if path != self.address else None

    def _try(self, work: Callable[[MlflowClient], Any]) -> None:
        try:
            work(_client(self.address))
        except Exception as error:  # whatever a tracking server does, training goes on
            if not self.told:
                self.told = True
                console.print(
                    f"the experiment '{self.config.experiment}' cannot be recorded now ({type(error).__name__}); "
                    "training goes on, and each epoch tries again",
                    soft_wrap=True,
                )


def _sum(address: str) -> str:
    """Which server an address names. Checkpoints go to S3, and an address may hold a password: only its sum is written."""
    return hashlib.sha256(re.sub("//[^/]*@", "//", address).encode()).hexdigest()


def _client(address: str) -> MlflowClient:
    """A client of the tracking server; MLflow is imported here, since that takes seconds."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from mlflow.tracking import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=address, registry_uri=address)
