"""What happened inside of the emulator, a JSON line each, for the process that asks afterwards."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any


class Record:
    """A file that the emulator writes and the rehearsal reads."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()

    def write(self, event: str, **facts: Any) -> None:
        """Adds a line."""
        line = json.dumps({"event": event, "at": time.time(), **facts}, default=str)
        with self._lock, self._file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")

    def read(self, event: str) -> list[dict[str, Any]]:
        """The lines of one kind, in order."""
        if not self._file.exists():
            return []
        lines = [json.loads(line) for line in self._file.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line["event"] == event]
