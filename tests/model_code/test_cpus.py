"""The number of processors is the number that may be used: the process's set, and what the cgroups allow."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

import model_code.cpus as module
from model_code.cpus import cpu_quota, usable_cpus


@pytest.fixture(autouse=True)
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree of cgroups, and a process in its group ``/a/b``."""
    root = tmp_path / "cgroup"
    (root / "a" / "b").mkdir(parents=True)
    (tmp_path / "own").write_text("0::/a/b\n")
    monkeypatch.setattr(module, "CGROUPS", root)
    monkeypatch.setattr(module, "OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    return root


def test_a_pinned_process_counts_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert usable_cpus() == 1


def test_without_affinity_the_machine_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cpus() == 1


@pytest.mark.parametrize("folder", ["", "a", "a/b"])
@pytest.mark.parametrize(
    ("line", "processors"),
    [("150000 100000", 2), ("400000 100000", 4), ("20000 100000", 1), ("1600000 100000", 8), ("max 100000", 8)],
)
def test_a_quota_of_version_2_counts_wherever_it_is_set(groups: Path, folder: str, line: str, processors: int) -> None:
    (groups / folder / "cpu.max").write_text(line + "\n")
    assert usable_cpus() == processors


def test_the_tightest_quota_counts(groups: Path) -> None:
    (groups / "a" / "cpu.max").write_text("200000 100000\n")
    (groups / "a" / "b" / "cpu.max").write_text("500000 100000\n")
    assert cpu_quota() == 2


@pytest.mark.parametrize(("quota", "processors"), [("300000", 3), ("-1", 8)])
def test_a_quota_of_version_1_counts(groups: Path, quota: str, processors: int) -> None:
    (groups / "cpu,cpuacct" / "docker").mkdir(parents=True)
    (groups / "cpu,cpuacct" / "docker" / "cpu.cfs_quota_us").write_text(quota)
    (groups / "cpu,cpuacct" / "docker" / "cpu.cfs_period_us").write_text("100000")
    module.OWN_CGROUP.write_text("5:memory:/docker\n4:cpu,cpuacct:/docker\n")
    assert usable_cpus() == processors


@pytest.mark.parametrize("content", ["", "a b c", "100000 0", "not numbers"])
def test_what_cannot_be_understood_limits_nothing(groups: Path, content: str) -> None:
    (groups / "cpu.max").write_text(content)
    module.OWN_CGROUP.write_text("nonsense\n::\n")
    assert cpu_quota() == math.inf


def test_a_system_without_cgroups_has_no_limit(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OWN_CGROUP", groups / "none")
    assert cpu_quota() == math.inf
