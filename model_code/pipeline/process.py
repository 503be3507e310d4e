"""One container's worth of work, as a process: its output in a log, a limit of time, and SageMaker's way of stopping."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.markup import escape

from model_code.errors import OverreadError
from model_code.pipeline.retries import INTERNAL_ERROR, SERVICE_FAULT, Fault
from model_code.progress import console

GRACE: Final = 120.0
"""Seconds from SIGTERM to SIGKILL, as for SageMaker's training jobs."""
INHERITED: Final = (
    *("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH"),
    *("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "CUDA_VISIBLE_DEVICES"),
)
"""Of this process's environment a job gets nothing else, least of all credentials."""
LOOK_EVERY: Final = 0.2


@dataclass(frozen=True)
class Command:
    """What to run, where, and for how long."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    max_seconds: float


class JobError(OverreadError):
    """The command ended badly; the text says how, and in which file to look."""


def run(command: Command, *, grace: float = GRACE) -> None:
    """Runs it to its end.

    Raises:
        JobError: it failed, or took longer than it may.
        Fault: it could not be started, or was killed by somebody else.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        try:
            process = subprocess.Popen(  # noqa: S603  (the pipeline's own command)
                [sys.executable if command.arguments[0] == "python" else command.arguments[0], *command.arguments[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=command.folder,
                env={**inherited, **command.environment},
                start_new_session=True,  # Ctrl-C is ours to hand on
            )
        except FileNotFoundError:
            raise JobError(f"there is no program '{command.arguments[0]}'; install it, or change the entry point") from None
        except OSError as error:
            raise Fault(SERVICE_FAULT, f"the process could not be started ({error.strerror})") from error
    try:
        code = _wait(process, command)
    except BaseException:
        _stop(process, grace)
        raise
    if code is None:
        _stop(process, grace)
        raise JobError(f"it took longer than the {command.max_seconds:.0f} s that it may; log: {command.log}")
    if code in (-signal.SIGKILL, -signal.SIGTERM):
        raise Fault(INTERNAL_ERROR, f"the process was killed from outside (signal {-code}); log: {command.log}")
    if code != 0:
        raise JobError(f"it ended with exit code {code}: {_last_line(command.log)}; log: {command.log}")


def _wait(process: subprocess.Popen[bytes], command: Command) -> int | None:
    """The exit code; None where it has not ended in time. A terminal shows the log's last line meanwhile."""
    ends = time.monotonic() + command.max_seconds
    with console.status("") as status:
        while time.monotonic() < ends:
            try:
                return process.wait(LOOK_EVERY)
            except subprocess.TimeoutExpired:
                if console.is_terminal:
                    status.update(f"[dim]{escape(_last_line(command.log)[: console.width - 8])}[/dim]")
    return None


def _stop(process: subprocess.Popen[bytes], grace: float) -> None:
    """SIGTERM to the command and all that it started; after a while SIGKILL."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        if process.poll() is None:
            os.killpg(process.pid, number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
    process.wait()


def _last_line(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 4096))
        lines = [line.strip() for line in stream.read().decode("utf-8", "replace").replace("\r", "\n").splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing")
