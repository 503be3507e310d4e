"""Where each sign was drawn: ``places.parquet`` beside the manifest, one row a film and finding.

The box (``x0 y0 x1 y1``, fractions of the film) is for people; the mask (bits of a ``GRID`` square, row by row) is for the
pointing test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_code.data.phantoms.anatomy import Mask

FILE_NAME: Final = "places.parquet"
GRID: Final = 64


def place_row(image: str, label: str, mask: Mask) -> dict[str, Any]:
    """One row; a cell of the grid counts as drawn where any of its pixels is."""
    block = mask.shape[0] // GRID
    coarse = mask.reshape(GRID, block, GRID, block).any(axis=(1, 3))
    rows, columns = np.nonzero(coarse)
    return {
        "image": image,
        "label": label,
        "x0": float(columns.min() / GRID),
        "y0": float(rows.min() / GRID),
        "x1": float((columns.max() + 1) / GRID),
        "y1": float((rows.max() + 1) / GRID),
        "mask": np.packbits(coarse).tobytes(),
    }


def read_places(folder: Path) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """Masks of shape (GRID, GRID) by image and label; empty where the data set records none (real films)."""
    path = folder / FILE_NAME
    if not path.is_file():
        return {}
    frame = pd.read_parquet(path)
    return {
        (image, label): np.unpackbits(np.frombuffer(mask, np.uint8)).reshape(GRID, GRID).astype(bool)
        for image, label, mask in zip(frame["image"], frame["label"], frame["mask"], strict=True)
    }
