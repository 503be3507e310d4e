"""Whose lesions are drawn: diagnoses about as ISIC 2019 has them, with ages, sexes and places of the body that go with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

ISIC_2019: Final[Mapping[str, int]] = {
    "MEL": 4522, "NV": 12875, "BCC": 3323, "AK": 867, "BKL": 2624, "DF": 239, "VASC": 253, "SCC": 628,
}  # fmt: skip
"""Pictures by diagnosis in the challenge's training set (Tschandl 2018, Codella 2018, Combalia 2019)."""

EVENNESS: Final = 0.35
"""Diagnoses are drawn by their count to this power: 1 would leave nine in ten rare ones out of a small data set, 0 is even."""

AGES: Final[Mapping[str, float]] = {
    "MEL": 62, "NV": 45, "BCC": 67, "AK": 70, "BKL": 64, "DF": 52, "VASC": 50, "SCC": 72,
}  # fmt: skip
"""Rounded mean age by diagnosis."""

SUNLIT: Final = ("head/neck", "upper extremity")
BODY_SITES: Final = ("anterior torso", "posterior torso", "lower extremity", *SUNLIT, "palms/soles")
PICTURES_PER_LESION: Final = 3
"""At most."""
TONE_SHARES: Final = (0.2, 0.32, 0.24, 0.13, 0.07, 0.04)
"""Of Fitzpatrick's types; the same for every diagnosis."""


@dataclass(frozen=True)
class Row:
    """One picture to draw."""

    lesion: int
    number: int
    label: str
    sex: str
    age: int
    body_site: str
    tone: int


def shares() -> dict[str, float]:
    """The share of lesions that each diagnosis gets."""
    weights = {label: count**EVENNESS for label, count in ISIC_2019.items()}
    return {label: weight / sum(weights.values()) for label, weight in weights.items()}


def draw_rows(lesions: int, seed: int) -> Iterator[Row]:
    """The pictures of that many lesions, lesion by lesion; the same seed draws the same ones."""
    rng = np.random.default_rng(seed)
    labels = list(ISIC_2019)
    for lesion in range(lesions):
        label = labels[rng.choice(len(labels), p=list(shares().values()))]
        sex = "F" if rng.random() < 0.47 else "M"
        age = int(np.clip(rng.normal(AGES[label], 14), 5, 90) // 5 * 5)  # ISIC rounds to five years
        places = SUNLIT if label in ("AK", "SCC", "BCC") and rng.random() < 0.6 else BODY_SITES
        body_site = places[rng.integers(len(places))]
        tone = int(rng.choice(len(TONE_SHARES), p=TONE_SHARES))
        for number in range(int(rng.integers(1, PICTURES_PER_LESION + 1))):
            yield Row(lesion, number, label, sex, age, body_site, tone)
