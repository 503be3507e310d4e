"""Children are ill or well on all of their films, and both are drawn."""

from __future__ import annotations

import pytest

from model_code.data.phantoms.children import ILL, SIGNS, draw_rows

ROWS = list(draw_rows(300, 2))


def test_the_same_seed_draws_the_same_films() -> None:
    assert list(draw_rows(20, 2)) == list(draw_rows(20, 2)) != list(draw_rows(20, 3))


def test_a_child_is_ill_or_well_on_all_films() -> None:
    ill = {patient: {bool(row.labels) for row in ROWS if row.patient == patient} for patient in range(300)}
    assert all(len(answers) == 1 for answers in ill.values())
    assert sum(True in answers for answers in ill.values()) / 300 == pytest.approx(ILL, abs=0.1)


def test_they_are_young_and_lie() -> None:
    assert {row.age for row in ROWS} <= {1, 2, 3, 4, 5}
    assert {row.view for row in ROWS} == {"AP"}
    assert {row.labels for row in ROWS} == {frozenset(), *SIGNS}
