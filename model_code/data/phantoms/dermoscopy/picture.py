"""One phantom dermoscopy: a lesion with the signs of its diagnosis on skin, as one dermoscope saw it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.data.phantoms.dermoscopy.canvas import Canvas, Mask
from model_code.data.phantoms.dermoscopy.diagnoses import DIAGNOSES
from model_code.data.phantoms.dermoscopy.population import Row
from model_code.data.phantoms.dermoscopy.scene import TONES, draw_skin, expose, lay_over

SIDE: Final = 256
"""Pixels along each side of a phantom dermoscopy."""


@dataclass(frozen=True)
class Drawing:
    """A picture (uint8, ``SIDE`` square, red green blue) and the lesion's place on it."""

    pixels: NDArray[np.uint8]
    place: Mask


def draw_dermoscopy(row: Row, seed: int) -> Drawing:
    """Draws one picture. The lesion depends on (seed, lesion) alone, how it was taken on the picture too."""
    of_lesion = np.random.default_rng([seed, row.lesion])
    of_picture = np.random.default_rng([seed, row.lesion, row.number])
    red, green, blue = (float(value) for value in np.asarray(TONES[row.tone]) + of_lesion.normal(0, 0.015, 3))
    canvas = Canvas(of_picture, side=SIDE, skin=(red, green, blue))
    draw_skin(canvas, of_picture)
    lesion = DIAGNOSES[row.label](canvas, of_lesion)
    lay_over(canvas, of_picture)
    expose(canvas, of_picture)
    return Drawing(np.asarray(canvas.rgb * 255 + 0.5, np.uint8), lesion.mask)
