"""From a decoded film to the model's input, and from places in the input back to the film. Training and serving share it.

A picture is padded to a square (never cropped: a finding may lie at the border) and reduced with an anti-aliasing filter. Grey
films are stretched between two percentiles, so that window settings and exposure matter little; colour pictures keep their
values, for colours are signs. It ends in 256 values a channel, in which training, evaluation and serving all see it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_code.data.images import Pixels

PERCENTILES: Final = (0.5, 99.5)

REDUCING_GAP: Final = 2.0
"""The first step of reducing a film leaves at least so many times the pixels a side that the second one needs."""


def to_square(pixels: Pixels, side: int) -> NDArray[np.float32]:
    """Grey film (or the grey of a colour one) of any shape to (side, side) float32 in [0, 1], aspect kept, centred on black."""
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2, dtype=np.float32)
    rows, columns = grey.shape
    scale = side / max(rows, columns)
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    # in two steps, means of whole pixels first: several times faster than one, and hardly another picture
    small = Image.fromarray(grey, mode=None).resize((width, height), Image.Resampling.HAMMING, reducing_gap=REDUCING_GAP)
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = np.asarray(small, np.float32)
    return square


def stretch(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """Percentile stretch to [0, 1]; a picture without contrast becomes all zero."""
    low, high = np.percentile(square, PERCENTILES)
    if high - low < 1e-3:
        return np.zeros_like(square)
    return np.asarray(np.clip((square - low) / (high - low), 0, 1), np.float32)


def to_model_input(pixels: Pixels, side: int, channels: int) -> NDArray[np.uint8]:
    """The model's input: (channels, side, side) uint8, 0 black and 255 white. Normalisation is part of the graph.

    Args:
        pixels: a grey or colour picture in [0, 1]; a colour model sees a grey one as three equal channels.
        side: of the model's input, in pixels.
        channels: 1 for a model of grey films, 3 (red, green, blue) for one of colour pictures.
    """
    if channels == 1:
        return _bytes(stretch(to_square(pixels, side)))[None]
    planes = (pixels,) if pixels.ndim == 2 else (np.ascontiguousarray(plane) for plane in np.moveaxis(pixels, 2, 0))
    squares = np.stack([_bytes(np.clip(to_square(plane, side), 0, 1)) for plane in planes])
    return np.ascontiguousarray(np.broadcast_to(squares, (3, side, side)))


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(values * 255 + 0.5, np.uint8)


def to_film_fractions(x: float, y: float, rows: int, columns: int) -> tuple[float, float]:
    """A place in the square (fractions) as fractions of a film of that shape; places on the padding move to its border."""
    longest = max(rows, columns)
    return (
        float(np.clip((x - 0.5) * longest / columns + 0.5, 0, 1)),
        float(np.clip((y - 0.5) * longest / rows + 0.5, 0, 1)),
    )
