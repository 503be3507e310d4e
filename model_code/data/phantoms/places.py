"""Where each sign was drawn: ``places.parquet`` beside the manifest, one row a film and finding.

The box (``x0 y0 x1 y1``, fractions of the film) is for people; the mask (bits of a ``GRID`` square, row by row) is for the
pointing test. Of several machines each writes ``places-<part>.parquet``, as it does its manifest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_code.data.phantoms.anatomy import Mask
from model_code.data.split import FRACTIONS

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


def places_name(part: str | None) -> str:
    """The file's name; that of one machine's part where there are several."""
    return f"places-{part}.parquet" if part else FILE_NAME


def read_places(folder: Path) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """Masks of shape (GRID, GRID) by image and label, of all parts or channels; empty where none are recorded (real films)."""
    parts = [(channel, path) for channel in ("", *FRACTIONS) for path in sorted((folder / channel).glob("places*.parquet"))]
    return {
        (f"{channel}/{image}".lstrip("/"), label): np.unpackbits(np.frombuffer(mask, np.uint8)).reshape(GRID, GRID).astype(bool)
        for channel, path in parts
        for image, label, mask in pd.read_parquet(path)[["image", "label", "mask"]].itertuples(index=False)
    }
