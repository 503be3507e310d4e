"""How many processors this process may really use (containers and ``taskset`` give fewer than the machine has)."""

from __future__ import annotations

import os


def usable_cpus() -> int:
    """At least 1. ``sched_getaffinity`` knows cpusets; other systems fall back to the machine's count."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1
