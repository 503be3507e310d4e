"""Whose films the pneumonia phantoms are: children of one to five years, lying, as in Kermany et al. (Cell 2018;172:1122)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from model_code.data.phantoms.population import Row

ILL: Final = 0.6
"""Share of the children with pneumonia; in the published set it is 0.73, which leaves few normal films in a small draw."""

SIGNS: Final = (frozenset({"Consolidation"}), frozenset({"Pneumonia", "Consolidation"}), frozenset({"Pneumonia", "Infiltration"}))
"""What pneumonia looks like: a filled lobe, with fluffy patches or without, or patches with haze (the chest phantoms' signs)."""

FILMS_PER_PATIENT: Final = 3
"""At most."""


def draw_rows(patients: int, seed: int) -> Iterator[Row]:
    """The films of that many children; a child is ill, or well, on all of them."""
    rng = np.random.default_rng(seed)
    for patient in range(patients):
        ill, sex, age = rng.random() < ILL, "F" if rng.random() < 0.45 else "M", int(rng.integers(1, 6))
        for number in range(int(rng.integers(1, FILMS_PER_PATIENT + 1))):
            labels = SIGNS[rng.integers(len(SIGNS))] if ill else frozenset()
            yield Row(patient, number, labels, sex, age, "AP")
