"""The signature of a colour picture: which colours and shades it has, ring by ring around its centre."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.film_gate.picture import resized

Array = NDArray[np.float32]

RINGS: Final = (0.35, 0.6, 0.85)
"""Shares of the way from the centre to the border at which one ring ends and the next begins: a lesion may lie any way round."""
DARK: Final = 0.1
"""Darker than this share of the brightest is not looked at: the dermoscope's frame."""
SEEN_AT: Final = 64
"""Colours and shades are looked at on a copy of this many pixels a side, so that they are the same however large a picture is."""


def signature(small: Array) -> Array:
    """Colours and shades of a picture (rows, columns, 3) as a vector that turning and mirroring leave as it is.

    In each ring around the centre the mean and the spread of light, red against green, and blue against green, and how rough the
    light is; then quantiles of the two colours over the whole picture.
    """
    small = np.stack([resized(small[..., channel], SEEN_AT) for channel in range(3)], axis=2)
    light, seen, (red, blue) = small.mean(axis=2), lit(small), colours_of(small)
    level = max(float(light[seen].mean()), 0.02)
    rough = sum(np.abs(edge) for edge in np.gradient(light))
    vector: list[float] = []
    for ring in _rings(light.shape):
        there = ring & seen if (ring & seen).any() else seen
        vector += [light[there].mean() / level - 1, light[there].std() / level, float(np.sqrt(rough[there].mean() / level))]
        vector += [part for plane in (red, blue) for part in (plane[there].mean(), plane[there].std())]
    vector += [float(value) for plane in (red, blue) for value in np.percentile(plane[seen], (2, 50, 98))]
    return np.asarray(vector, np.float32)


def lit(small: Array) -> NDArray[np.bool_]:
    """Where (rows, columns) it is light enough to have a colour."""
    light = small.mean(axis=2)
    return np.asarray(light >= DARK * np.percentile(light, 99), np.bool_)


def colours_of(small: Array) -> Array:
    """Red and blue against green, (2, rows, columns), as logarithms: they stay the same in any light."""
    log = np.log(np.clip(small, 0.02, 1))
    return np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1]])


def _rings(shape: tuple[int, ...]) -> Iterator[NDArray[np.bool_]]:
    rows, columns = (np.abs((np.arange(size) + 0.5) / size * 2 - 1) for size in shape)
    ring = np.searchsorted(RINGS, np.hypot(rows[:, None], columns))
    return (ring == index for index in range(len(RINGS) + 1))
