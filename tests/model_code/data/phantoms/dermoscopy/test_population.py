"""Lesions follow ISIC 2019's diagnoses, evened out, and the same seed draws the same ones."""

from __future__ import annotations

from collections import Counter

import pytest

from model_code.data.phantoms.dermoscopy.population import (
    BODY_SITES,
    ISIC_2019,
    PICTURES_PER_LESION,
    TONE_SHARES,
    draw_rows,
    shares,
)
from model_code.tasks import SKIN8

ROWS = list(draw_rows(600, 1))


def test_the_same_seed_draws_the_same_lesions() -> None:
    assert list(draw_rows(30, 7)) == list(draw_rows(30, 7)) != list(draw_rows(30, 8))


def test_diagnoses_are_the_tasks_and_come_in_their_shares() -> None:
    assert tuple(ISIC_2019) == SKIN8.labels
    counts = Counter(row.label for row in ROWS if row.number == 0)
    for label, share in shares().items():
        assert counts[label] / 600 == pytest.approx(share, abs=0.05)
    assert sum(shares().values()) == pytest.approx(1)
    assert min(shares().values()) > 0.05


def test_what_belongs_to_a_lesion_is_the_same_on_its_pictures() -> None:
    for lesion in range(100):
        own = [row for row in ROWS if row.lesion == lesion]
        assert 1 <= len(own) <= PICTURES_PER_LESION
        assert len({(row.label, row.sex, row.age, row.body_site, row.tone) for row in own}) == 1


def test_values_are_those_allowed() -> None:
    for row in ROWS:
        assert row.body_site in BODY_SITES and row.sex in ("F", "M") and 5 <= row.age <= 90 and row.age % 5 == 0
        assert 0 <= row.tone < len(TONE_SHARES)


def test_skin_types_do_not_tell_the_diagnosis() -> None:
    light = {label: [row.tone < 2 for row in ROWS if row.label == label] for label in ("MEL", "NV")}
    assert sum(light["MEL"]) / len(light["MEL"]) == pytest.approx(sum(light["NV"]) / len(light["NV"]), abs=0.2)
