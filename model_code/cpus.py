"""How many processors this process may really use (containers and ``taskset`` give fewer than the machine has)."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

CGROUPS: Final = Path("/sys/fs/cgroup")
OWN_CGROUP: Final = Path("/proc/self/cgroup")


def usable_cpus() -> int:
    """At least 1: the processors of this process's set, or fewer where its container has a quota of processor time."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, cpu_quota())))


def cpu_quota() -> float:
    """Processors' worth of time that the cgroups allow (the tightest counts); infinite where none sets a limit.

    Version 2 keeps quota and period in ``cpu.max``, version 1 in two files below its ``cpu`` controller (kernel documentation,
    admin-guide/cgroup-v2 and scheduler/sched-bwc). A limit of an outer group holds for the inner ones too.
    """
    return min((_quota_of(folder) for folder in _own_groups()), default=math.inf)


def _own_groups() -> list[Path]:
    """The folders of the groups that this process is in, inner ones first; a container may see only its root."""
    groups = [CGROUPS, CGROUPS / "cpu"]
    try:
        lines = OWN_CGROUP.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return groups
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = CGROUPS / controllers if controllers else CGROUPS
        inner = root / path.strip().lstrip("/")
        groups += [folder for folder in (inner, *inner.parents) if folder.is_relative_to(root)]
    return groups


def _quota_of(folder: Path) -> float:
    quota, period = _numbers(folder / "cpu.max") or _numbers(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us") or (0, 0)
    return quota / period if quota > 0 and period > 0 else math.inf


def _numbers(*files: Path) -> tuple[int, int] | None:
    """Quota and period in microseconds, from one file or two; None where there is none or it says ``max`` or -1."""
    try:
        quota, period = " ".join(file.read_text(encoding="ascii") for file in files).split()
        return int(quota), int(period)
    except (OSError, ValueError):
        return None
