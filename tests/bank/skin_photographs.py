"""Real colour photographs that installed packages bring, for the gate of the skin tasks: none is a dermoscopy.

Two parts, divided by what they show. No limit is fitted on either. The choices of the design were looked at on both before they
were divided; the cuts of the held-out part, a new draw at every seed, are what no choice has seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_code.data.images import decode
from tests.bank.files import SIZE, folder_of
from tests.films import png

PLACES = (("skimage", "data"), ("sklearn", "datasets", "images"), ("matplotlib", "mpl-data", "sample_data"))
DEVELOPMENT = (
    "astronaut.png",
    "coffee.png",
    "flower.jpg",
    "hubble_deep_field.jpg",
    "motorcycle_left.png",
    "motorcycle_right.png",
)
HELD_OUT = ("chelsea.png", "china.jpg", "grace_hopper.jpg", "ihc.png", "retina.jpg", "rocket.jpg")
GRAPHICS = ("color.png", "logo.png", "logo2.png", "Minduka_Present_Blue_Pack.png")
PHOTOGRAPHS, PHOTOGRAPHS_CUT = "photographs", "photographs, cut"
CUTS = 6
"""Of each photograph."""


def skin_photographs(*, held_out: bool, seed: int) -> dict[str, dict[str, bytes]]:
    """Photographs of one part, whole and cut."""
    pictures = {name: _pixels(name) for name in (HELD_OUT if held_out else DEVELOPMENT)}
    rng = np.random.default_rng(seed)
    return {
        PHOTOGRAPHS: {name: png(pixels) for name, pixels in pictures.items()},
        PHOTOGRAPHS_CUT: {
            f"{name} {index}": png(_cut(pixels, rng)) for name, pixels in pictures.items() for index in range(CUTS)
        },
    }


def graphics() -> dict[str, bytes]:
    """A wheel of colours and drawn logos."""
    return {name: png(_pixels(name)) for name in GRAPHICS}


def _pixels(name: str) -> NDArray[np.uint8]:
    (path,) = (path for place in PLACES if (path := folder_of(*place) / name).exists())
    pixels = decode(path.read_bytes()).pixels
    step = max(1, max(pixels.shape[:2]) // SIZE)
    return np.round(pixels[::step, ::step] * 255).astype(np.uint8)


def _cut(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A part of 0.4 to 0.7 of the sides, anywhere."""
    high, wide = (int(length * rng.uniform(0.4, 0.7)) for length in pixels.shape[:2])
    top, left = int(rng.integers(pixels.shape[0] - high)), int(rng.integers(pixels.shape[1] - wide))
    return np.ascontiguousarray(pixels[top : top + high, left : left + wide])
