"""One phantom film: a patient's anatomy, the signs of its findings, and where they were drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.data.phantoms.anatomy import Anatomy, Film, Mask
from model_code.data.phantoms.population import Row
from model_code.data.phantoms.signs import SHAPES, SIGNS

SIDE: Final = 256
"""Pixels along each side of a phantom film."""


@dataclass(frozen=True)
class Drawing:
    """A film (uint8, ``SIDE`` square, MONOCHROME2) and, per finding that shows on it, the mask of its sign."""

    pixels: NDArray[np.uint8]
    places: dict[str, Mask]


def draw_film(row: Row, seed: int) -> Drawing:
    """Draws one film. The anatomy depends on the patient alone, the rest on the film; both on nothing but the seed."""
    anatomy = Anatomy.sample(np.random.default_rng([seed, row.patient]), sex=row.sex, age=row.age)
    film = Film(anatomy, np.random.default_rng([seed, row.patient, row.number]), side=SIDE, view=row.view)
    for label, reshape in SHAPES.items():
        if label in row.labels:
            reshape(film)
    film.inflate()
    film.draw_bones()
    drawn = {label: sign(film) for label, sign in SIGNS.items() if label in row.labels}
    # a sign that another one hides altogether (a band behind a huge heart) is no finding of this film
    return Drawing(film.render(), {label: mask for label, mask in drawn.items() if mask.any()})
