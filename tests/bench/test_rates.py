"""Rates are kept by preset and machine, and what else the file holds stays as it is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from bench import rates
from bench.rates import Others, keep, machine, read_rates
from model_code.errors import UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rates.json"
    path.write_text(json.dumps({"note": "kept", "training": [entry("chest14", "NVIDIA A10G", 500.0)]}))
    return path


def entry(preset: str, where: str, speed: float) -> dict[str, Any]:
    return {"preset": preset, "machine": where, "films_per_second": speed}


def test_entries_of_other_machines_and_presets_stay(file: Path) -> None:
    keep(file, entry("chest14", "2 processors (AMD EPYC)", 9.0))
    keep(file, entry("skin8", "NVIDIA A10G", 900.0))

    kept = json.loads(file.read_text())
    assert kept["note"] == "kept"
    assert [(one["preset"], one["machine"]) for one in kept["training"]] == [
        ("chest14", "2 processors (AMD EPYC)"),
        ("chest14", "NVIDIA A10G"),
        ("skin8", "NVIDIA A10G"),
    ]


def test_a_machines_later_entry_takes_the_place_of_its_earlier_one(file: Path) -> None:
    keep(file, entry("chest14", "NVIDIA A10G", 600.0))

    assert json.loads(file.read_text())["training"] == [entry("chest14", "NVIDIA A10G", 600.0)]


def test_the_file_stays_whole_where_writing_fails(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    with pytest.raises(TypeError):
        keep(file, {**entry("chest14", "NVIDIA A10G", 1.0), "what": object()})

    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"FileNotFoundError.*give docs/training-rates.json"):
        read_rates(tmp_path / "rates.json")


def test_a_machine_is_told_by_what_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA A10G")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(rates, "_processor", lambda: "AMD EPYC")

    assert machine(torch.device("cuda", 0)) == "NVIDIA A10G"
    assert machine(torch.device("cpu")) == "1 processor (AMD EPYC)"


def test_the_processor_has_a_name() -> None:
    assert rates._processor()


def statistics(path: Path, *, busy: float, idle: float) -> None:
    """As /proc/stat begins, from seconds; a tick is what the system says."""
    second = os.sysconf("SC_CLK_TCK")
    path.write_text(f"cpu  {busy * second:.0f} 0 0 {idle * second:.0f} 0 0 0 0 0 0\ncpu0 1 2\n")


def test_what_others_take_is_all_that_is_neither_idle_nor_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = iter([5.0, 25.0])
    monkeypatch.setattr(rates, "STATISTICS", tmp_path / "stat")
    monkeypatch.setattr("bench.rates.time.process_time", lambda: next(own))

    statistics(tmp_path / "stat", busy=100, idle=50)
    others = Others()
    statistics(tmp_path / "stat", busy=150, idle=100)

    assert others.share() == 0.3  # of 100 seconds half were idle and 20 ours


def test_a_system_that_does_not_tell_is_not_guessed_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "STATISTICS", tmp_path / "stat")

    assert Others().share() is None
