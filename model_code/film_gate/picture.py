"""What the film gate sees of a picture: a small copy without its borders, and a few figures of it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_code.data.images import Pixels
from model_code.data.transforms import stretch
from model_code.film_gate.layouts import LAYOUT_SIDE, Layout, layout_of

Array = NDArray[np.float32]

SMALL: Final = 128
"""The small copy's longer side has at least this many pixels, and fewer than twice as many, unless the picture is smaller."""
DETAIL: Final = 128
"""Noise is measured at this many pixels a side."""
BORDER: Final = 0.015
"""A row or column at the edge whose standard deviation is below this shows nothing: a collimator's shadow, a mount, padding."""


class Look(NamedTuple):
    """What is measured on a picture, whatever the model says of it."""

    contrast: float  # range between the 1st and 99th percentile, 0 to 1
    aspect: float  # longer side through shorter side, from 1, without empty borders
    colour: float  # mean spread between the channels, 0 to 1
    noise: float  # share of the standard deviation that a 3 x 3 mean takes away, 0 to 1
    layout: Layout


def look(small: Array) -> Look:
    """Measures one small copy, (rows, columns) or (rows, columns, 3) in [0, 1]."""
    return measure(grey_of(small), float(np.ptp(small, axis=2).mean()) if small.ndim == 3 else 0.0)


def grey_of(small: Array) -> Array:
    """A small copy without its colours."""
    return small if small.ndim == 2 else np.asarray(small.mean(axis=2), np.float32)


def colour_of(small: Array) -> Array:
    """A small copy in three channels."""
    return small if small.ndim == 3 else np.repeat(small[..., None], 3, axis=2)


def measure(grey: Array, colour: float = 0.0) -> Look:
    """Measures a small grey copy (rows, columns)."""
    film = without_borders(grey)
    low, high = np.percentile(film, (1, 99))
    detail = resized(film, DETAIL)
    rough = detail[1:-1, 1:-1] - _mean_3x3(detail)
    noise = float(rough.std() / max(float(detail.std()), 1e-6))
    layout = layout_of(stretch(resized(film, LAYOUT_SIDE)))
    return Look(float(high - low), max(film.shape) / min(film.shape), colour, min(noise, 1.0), layout)


def reduced(pixels: Pixels) -> Array:
    """A small copy, each pixel the mean of a block; whole blocks only, so it costs one pass over a film of any size."""
    factor = max(1, max(pixels.shape[:2]) // SMALL)
    if factor == 1:
        return pixels
    channels = (pixels,) if pixels.ndim == 2 else tuple(pixels[..., channel] for channel in range(pixels.shape[2]))
    small = [np.asarray(Image.fromarray(np.ascontiguousarray(channel)).reduce(factor), np.float32) for channel in channels]
    return small[0] if pixels.ndim == 2 else np.stack(small, axis=2)


def without_borders(grey: Array) -> Array:
    """The picture inside of its empty borders; as it is when that would leave next to nothing."""
    rows, columns = (np.flatnonzero(grey.std(axis=axis) > BORDER) for axis in (1, 0))
    if min(len(rows), len(columns)) < LAYOUT_SIDE:
        return grey
    return grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def resized(grey: Array, side: int) -> Array:
    """(side, side), whatever the aspect: films of the same chest differ in it, and padding would outweigh what they show."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(grey)).resize((side, side), Image.Resampling.HAMMING), np.float32)


def _mean_3x3(picture: Array) -> Array:
    rows, columns = picture.shape
    parts = [picture[dy : rows - 2 + dy, dx : columns - 2 + dx] for dy in range(3) for dx in range(3)]
    return np.asarray(sum(parts) / np.float32(9), np.float32)
