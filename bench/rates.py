"""Where ``bench.train`` leaves what it measured, for the guide's table: ``docs/training-rates.json``."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import Any, Final

import torch

from model_code.errors import UsageError
from model_code.files import atomic_file

STATISTICS: Final = Path("/proc/stat")


class Others:
    """How much of the machine's processors other programs take from now on: what they take, a measurement lacks."""

    def __init__(self) -> None:
        self._since = self._now()

    def share(self) -> float | None:
        """From 0 to 1; None where the system does not tell (other than Linux)."""
        if not self._since or not (now := self._now()):
            return None
        total, idle, own = (later - earlier for later, earlier in zip(now, self._since, strict=True))
        return round(min(1.0, max(0.0, (total - idle - own) / total)), 2) if total else None

    @staticmethod
    def _now() -> tuple[float, float, float] | None:
        """Processor seconds of the machine, of them idle ones (waiting for disks too), and this process's own."""
        try:
            ticks = [int(word) for word in STATISTICS.read_text(encoding="ascii").splitlines()[0].split()[1:9]]
        except (OSError, ValueError):
            return None
        second = os.sysconf("SC_CLK_TCK")
        return sum(ticks) / second, (ticks[3] + ticks[4]) / second, time.process_time()


def read_rates(file: Path) -> dict[str, Any]:
    """The rates of a file.

    Raises:
        UsageError: it is not one of rates.
    """
    try:
        rates = dict(json.loads(file.read_text(encoding="utf-8")))
        for entry in rates["training"]:
            _place(entry)
    except (KeyError, OSError, TypeError, ValueError) as error:
        text = f"'{file}' holds no rates ({type(error).__name__}); give docs/training-rates.json, or a copy of it"
        raise UsageError(text) from error
    return rates


def keep(file: Path, entry: dict[str, Any]) -> None:
    """Puts an entry into the file, in place of this machine's earlier one for the same preset; others stay as they are.

    The file is read anew, so that what another process has put there meanwhile is kept.

    Raises:
        UsageError: see ``read_rates``.
    """
    rates = read_rates(file)
    others = [one for one in rates["training"] if _place(one) != _place(entry)]
    rates["training"] = sorted([*others, entry], key=_place)
    with atomic_file(file) as temporary:
        temporary.write_text(json.dumps(rates, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def machine(device: torch.device) -> str:
    """What computes, in words that tell nothing of whose it is: the GPU's name, or how many processors of which make."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    count = torch.get_num_threads()
    return f"{count} processor{'' if count == 1 else 's'} ({_processor()})"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _place(entry: dict[str, Any]) -> tuple[str, str]:
    return str(entry["preset"]), str(entry["machine"])
