"""The command line as a user meets it: another process, its exit code and its two streams."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

REPOSITORY = Path(__file__).resolve().parents[1]
TIMEOUT = 120
"""Seconds after which a stuck process is killed; nothing here takes long."""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200", "NO_COLOR": "1", "PYTHONWARNINGS": "default"}


def overread(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs ``overread ARGUMENTS``."""
    command = [sys.executable, "-m", "model_code", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=cwd, timeout=TIMEOUT)


def python(code: str) -> str:
    """Runs a piece of Python in a fresh interpreter; returns what it prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(bundle: Path, log: Path) -> Iterator[str]:
    """Runs ``overread serve`` on a free port with its log in a file; yields its address and always ends the process."""
    command = [sys.executable, "-m", "model_code", "serve", "--bundle", str(bundle), "--port", "0"]
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, text=True, env=environment())
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()  # ends at the latest with the process
            assert address.startswith("http://127.0.0.1:"), log.read_text()
            yield address
        finally:
            process.terminate()
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


class Finished(Protocol):
    """A command that has ended, in this process or another."""

    @property
    def stderr(self) -> str: ...


def error_line(done: Finished) -> str:
    """The one line that a failed command says, without a traceback. Progress may stand before it."""
    lines = done.stderr.strip().splitlines()
    assert "Traceback" not in done.stderr, done.stderr
    assert lines and lines[-1].startswith("overread: error: "), done.stderr
    assert sum(line.startswith("overread: error: ") for line in lines) == 1, done.stderr
    return lines[-1].removeprefix("overread: error: ")
