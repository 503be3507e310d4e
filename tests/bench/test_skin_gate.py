"""The benchmark of the skin gate runs without a bundle, and fails where an aim is missed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from bench import skin_gate
from model_code.film_gate.dermoscopy import DermoscopyGate
from tests.bank import Kinds
from tests.bank.skin import dermoscopies
from tests.films import png

CHESS = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((16, 16), int)).astype(np.uint8) * 255


@pytest.fixture(scope="module")
def gate() -> DermoscopyGate:
    return skin_gate.fitted(12)


@pytest.fixture(scope="module")
def kinds() -> tuple[Kinds, Kinds]:
    """Few wrong pictures and good ones."""
    wrong = {"photographs": {"chess": png(CHESS)}, "photographs, cut": {"half": png(CHESS[:, :64].copy())}}
    good = {str(index): png(np.asarray(picture * 255, np.uint8)) for index, picture in enumerate(dermoscopies(4, 5001))}
    return wrong, {"as drawn": good}


def test_a_gate_alone_answers_for_a_file(gate: DermoscopyGate) -> None:
    answer = skin_gate.alone(gate)
    assert answer(png(CHESS)) == "not_dermoscopy"
    assert answer(b"no picture") == "not_an_image"


def test_a_share_is_of_all_pictures(kinds: tuple[Kinds, Kinds]) -> None:
    assert skin_gate.share(kinds[1], lambda data: "read", refuse=False) == 1
    assert skin_gate.share(kinds[1], lambda data: "read", refuse=True) == 0


@pytest.mark.parametrize(("said", "status"), [(None, 0), ("read", 1), ("blank", 1)])
def test_it_prints_the_aims_beside_what_was_reached(
    gate: DermoscopyGate,
    kinds: tuple[Kinds, Kinds],
    said: str | None,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["skin_gate", "--count", "1"])
    monkeypatch.setattr(skin_gate, "fitted", lambda count: gate)
    monkeypatch.setattr(skin_gate, "bank", lambda task, *, held_out, count: kinds)
    if said is not None:
        monkeypatch.setattr(skin_gate, "alone", lambda gate: lambda data: said)
    assert skin_gate.main() == status
    printed = capsys.readouterr().out
    assert ">= 95%" in printed and ">= 98%" in printed and "120 pictures" in printed
