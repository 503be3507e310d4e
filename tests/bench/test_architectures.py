"""The benchmark of all architectures: what it measures, and that a difference ends it with 1."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bench import architectures
from bench.architectures import PRECISIONS, Exported, costs, draw, export_one, graph_of, load, main, table
from model_code.contract import Architecture
from model_code.export import MAX_PARITY

GOOD = Exported(Architecture.RESNET18, 11_000_000, 3.0, 0.1, MAX_PARITY, 0.02)
BAD = replace(GOOD, architecture=Architecture.MOBILENET_V2, parity=2 * MAX_PARITY)
SIDE = 32


def test_a_network_is_exported_compared_and_runs(tmp_path: Path) -> None:
    found = export_one(Architecture.RESNET18, SIDE, tmp_path)
    assert found.good
    assert found.spread > 1000 * MAX_PARITY  # or parity would say nothing
    assert 0 < found.int8_difference < 0.5
    assert found.weights > 11_000_000
    for precision in PRECISIONS:
        logits = load(graph_of(tmp_path, Architecture.RESNET18, precision), precision).run(draw(SIDE))[0]
        assert logits.shape == (len(draw(SIDE)), 8)


def test_sessions_are_asked_in_turn() -> None:
    asked: list[str] = []

    class Asked:
        def __init__(self, name: str) -> None:
            self.name = name

        def run(self, picture: object) -> None:
            asked.append(self.name)

    assert len(costs((Asked("a"), Asked("b")), None, 3)) == 2  # type: ignore[arg-type]
    assert asked == ["a", "b"] * 3


def test_the_table_says_which_aim_was_missed() -> None:
    out = io.StringIO()
    Console(file=out, width=130).print(table([GOOD, BAD], [(20.0, 10.0), (9.0, 9.0)], 224))
    lines = out.getvalue().splitlines()
    assert [line for line in lines if "resnet18" in line and "reached" in line and "2.0 x" in line]
    assert [line for line in lines if "mobilenet_v2" in line and "MISSED" in line]


@pytest.mark.parametrize(("parity", "code"), [(MAX_PARITY, 0), (2 * MAX_PARITY, 1)])
def test_the_exit_code_is_that_of_parity(
    parity: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def exported(chosen: list[Architecture], side: int, folder: Path) -> list[Exported]:
        return [replace(GOOD, architecture=one, parity=parity) for one in chosen]

    monkeypatch.setattr(architectures, "export_all", exported)
    monkeypatch.setattr(architectures, "load", lambda graph, precision: None)
    monkeypatch.setattr(architectures, "costs", lambda sessions, picture, repeats: [2.0, 1.0])
    monkeypatch.setattr("sys.argv", ["architectures", "--side", str(SIDE)])
    assert main() == code
    shown, told = capsys.readouterr()
    assert all(name.value in shown for name in Architecture)
    assert ("parity above" in told) == bool(code)
