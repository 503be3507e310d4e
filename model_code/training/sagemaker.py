"""SageMaker's training contract: what the container finds, where it leaves its model, and how it says why it failed.

One folder tree, ``/opt/ml`` (elsewhere where ``SAGEMAKER_BASE_DIR`` says so): configuration and channels below ``input``, the
model in ``model``, checkpoints that outlive the machine in ``checkpoints``, the reason of a failure in ``output/failure``.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model_code.contract import SageMakerPaths
from model_code.errors import OverreadError, UsageError

ROOT: Final = Path(SageMakerPaths.MODEL).parent
REASON_CHARACTERS: Final = 1024
"""What SageMaker shows of a failure's reason."""
PORT: Final = 29_500
"""On which the machines of a job find each other."""


@dataclass(frozen=True)
class Container:
    """A training container, as SageMaker has set it up."""

    base: Path
    settings: dict[str, str]
    """The hyperparameters, but those that are for SageMaker's own toolkit and tuner."""
    hosts: tuple[str, ...]
    """All machines of the job, in an order that is the same on each."""
    host: str

    @property
    def data(self) -> Path:
        """The channel ``data``; without it the folder of the channels, of which ``train`` and ``val`` hold a manifest each.

        Raises:
            UsageError: the job has neither.
        """
        channels = self.base / "input" / "data"
        if (channels / "data").is_dir():
            return channels / "data"
        if (channels / "train").is_dir() and (channels / "val").is_dir():
            return channels
        raise UsageError("the job has no channel 'data', nor 'train' and 'val'; name one of these in InputDataConfig")

    @property
    def model(self) -> Path:
        """Becomes ``model.tar.gz``."""
        return self.base / "model"

    @property
    def checkpoints(self) -> Path:
        """Kept on S3 while the job runs, and put back when a spot machine was taken away."""
        return self.base / "checkpoints"

    @property
    def failure(self) -> Path:
        """Its text becomes the job's ``FailureReason``."""
        return self.base / "output" / "failure"


def this_container() -> Container | None:
    """The training container that this process runs in; None on a laptop.

    Raises:
        UsageError: the configuration that SageMaker wrote cannot be read.
    """
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", ROOT))
    resources = base / "input" / "config" / "resourceconfig.json"
    if not resources.is_file():
        return None
    try:
        machines = json.loads(resources.read_text(encoding="utf-8"))
        hosts, host = tuple(sorted(machines["hosts"])), str(machines["current_host"])
        given = resources.with_name("hyperparameters.json")
        settings = json.loads(given.read_text(encoding="utf-8")) if given.is_file() else {}
        ours = {name: _plain(value) for name, value in settings.items() if not name.startswith(("sagemaker_", "_"))}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"SageMaker's configuration in '{resources.parent}' cannot be read ({type(error).__name__})") from error
    return Container(base, ours, hosts, host)


@contextmanager
def reasons_told(container: Container | None) -> Iterator[None]:
    """Leaves the reason where SageMaker looks for it when the work in this context fails."""
    try:
        yield
    except Exception as error:
        if container is not None:
            container.failure.parent.mkdir(parents=True, exist_ok=True)
            container.failure.write_text(reason(error), encoding="utf-8")
        raise


def reason(error: Exception) -> str:
    """Why the work failed, fit for AWS's logs and events: nothing in it that was quoted from data, at most 1024 characters."""
    if not isinstance(error, OverreadError):
        return f"unexpected {type(error).__name__}; its traceback is in the job's log if it ran with --debug"
    text = " ".join(str(error).split())
    return (text if isinstance(error, UsageError) else re.sub(r"'[^']*'", "'…'", text))[:REASON_CHARACTERS]


def one_process_a_gpu(container: Container | None) -> None:
    """Starts this command again under ``torchrun`` where a job has several GPUs or machines and nobody has done so yet.

    This process becomes ``torchrun`` (see ``launch``), which hands SIGTERM on to the processes that it starts.
    """
    if container is None or "WORLD_SIZE" in os.environ:
        return
    import torch

    gpus = torch.cuda.device_count()
    if gpus < 2 and len(container.hosts) < 2:
        return
    launch = [sys.executable, "-m", "model_code.training.launch", f"--nproc-per-node={max(1, gpus)}"]
    command = [*launch, *_meeting(container), "-m", "model_code", *sys.argv[1:]]
    os.execv(sys.executable, command)  # noqa: S606 (our own command)


def _meeting(container: Container) -> Sequence[str]:
    """Where the processes find each other. A machine that is alone needs no name, which a workstation would not know."""
    machines = len(container.hosts)
    if machines == 1:
        return "--standalone", "--local-addr=127.0.0.1"
    first, number = container.hosts[0], container.hosts.index(container.host)
    return f"--nnodes={machines}", f"--node-rank={number}", f"--master-addr={first}", f"--master-port={PORT}"


def _plain(value: Any) -> str:
    """A hyperparameter's text; some SDKs write text as JSON, with quotes."""
    text = str(value)
    return str(json.loads(text)) if text.startswith('"') else text
