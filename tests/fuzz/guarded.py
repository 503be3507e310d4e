"""Reads files in a child process, so that a crash, a hang or a hunger for memory is an outcome and not the end of the tests."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cli import environment

PATIENCE = 20.0
"""Seconds after which a reader hangs; on a quiet machine no film takes two."""
FAILURES = frozenset({"RAISED", "CRASHED", "HUNG"})
"""Outcomes that no input may have."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file. ``code``: ``read``, a reason's code, ``RAISED``, ``CRASHED`` or ``HUNG``."""

    code: str
    text: str
    seconds: float = 0.0
    memory: int = 0
    """Bytes at the peak, beyond what the process held before."""


class GuardedReader:
    """A child that reads; it is started again after it died."""

    def __init__(self, bundle: Path | None = None, *, patience: float = PATIENCE) -> None:
        self._bundle, self._patience = bundle, patience
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()
        self._noise.close()

    def read(self, data: bytes) -> Outcome:
        child = self._child or self._start()
        assert child.stdin is not None
        with suppress(BrokenPipeError):  # it died; what follows says of what
            child.stdin.write(len(data).to_bytes(8) + data)
            child.stdin.flush()
        return self._answer(child)

    @property
    def noise(self) -> str:
        """What children have written to their standard output and error streams."""
        self._noise.seek(0)
        return self._noise.read().decode("utf-8", "replace")

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.fuzz.child", *([str(self._bundle)] if self._bundle else [])]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._noise, env=environment()
        )
        self._patience, patience = 120.0, self._patience  # a machine under load starts slowly
        ready = self._answer(self._child)
        self._patience = patience
        assert ready.code == "ready" and self._child is not None, (ready, self.noise)
        return self._child

    def _answer(self, child: subprocess.Popen[bytes]) -> Outcome:
        assert child.stdout is not None
        if not select.select([child.stdout], [], [], self._patience)[0]:
            self._end()
            return Outcome("HUNG", f"no answer within {self._patience:.0f} s", self._patience)
        line = child.stdout.readline()
        if not line:
            code = child.wait()
            self._end()
            return Outcome("CRASHED", f"exit code {code}")
        return Outcome(**{"text": "", **json.loads(line)})

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.poll() is None:
            os.kill(child.pid, 9)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
