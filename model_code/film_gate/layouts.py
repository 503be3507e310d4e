"""Where a picture is light and dark, and how well that agrees with reference layouts."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Layout = Array
"""(2, LAYOUT_SIDE, LAYOUT_SIDE): grey values in [0, 1], and the same after local contrast normalisation.

The first says where the large light and dark parts lie; the second says so whatever the exposure and the shading.
"""

LAYOUT_SIDE: Final = 24
SHIFT: Final = 2
"""How far, in cells, a film may lie from the reference."""
NEIGHBOURHOOD: Final = 4.0
"""Standard deviation in cells of the window behind local contrast."""


def _blur() -> Array:
    cells = np.arange(LAYOUT_SIDE)
    weights = np.exp(-(((cells[:, None] - cells) / NEIGHBOURHOOD) ** 2) / 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


_BLUR: Final = _blur()


def layout_of(cells: Array) -> Layout:
    """The layout of a picture of (LAYOUT_SIDE, LAYOUT_SIDE) cells in [0, 1]."""
    rest = cells - _BLUR @ cells @ _BLUR.T
    spread = np.sqrt(_BLUR @ rest**2 @ _BLUR.T)
    return np.stack([cells, rest / (spread + np.float32(0.1))])


def vector_of(layout: Layout) -> Array:
    """A layout, its cells taken four by four, as a vector; each half is centred and of unit spread, whatever the exposure."""
    coarse = layout.reshape(2, LAYOUT_SIDE // 2, 2, LAYOUT_SIDE // 2, 2).mean(axis=(2, 4))
    centred = coarse - coarse.mean(axis=(1, 2), keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=(1, 2), keepdims=True))
    return np.asarray(centred / np.maximum(spread, 1e-6), np.float32).ravel()


def agreements(layout: Layout, references: Array) -> Array:
    """Correlations (-1 to 1) of a layout with R references (R, 2, side, side), each the best over small shifts: (R,).

    Both halves of a layout count alike.
    """
    span = range(2 * SHIFT + 1)
    inner = LAYOUT_SIDE - 2 * SHIFT
    windows = np.stack([layout[:, dy : dy + inner, dx : dx + inner] for dy in span for dx in span])
    middle = references[:, :, SHIFT : SHIFT + inner, SHIFT : SHIFT + inner]
    return np.asarray((_standardised(windows) @ _standardised(middle).T).max(axis=0), np.float32)


def _standardised(pictures: Array) -> Array:
    """(N, 2, h, w) as (N, 2 h w) of length 1, each half centred and of equal length."""
    halves = pictures.reshape(*pictures.shape[:2], -1)
    centred = halves - halves.mean(axis=2, keepdims=True)
    lengths = np.sqrt((centred**2).sum(axis=2, keepdims=True))
    unit = centred / np.maximum(lengths, 1e-6) / np.float32(np.sqrt(2))
    return np.asarray(unit.reshape(len(pictures), -1), np.float32)
