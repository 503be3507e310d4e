"""Boxes that radiologists drew, as the places that the pointing test of ``evaluate`` reads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from model_code.data.phantoms.places import GRID


def as_places(boxes: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """One row a film and finding; several boxes of one become one place.

    Args:
        boxes: ``image``, ``label`` and ``x0 y0 x1 y1`` as fractions of a square film.
        names: of the films in the data set, by those in ``boxes``; boxes of other films are left out.
    """
    rows = []
    for (image, label), own in boxes[boxes["image"].isin(list(names))].groupby(["image", "label"]):
        mask = np.zeros((GRID, GRID), bool)
        for x0, y0, x1, y1 in own[["x0", "y0", "x1", "y1"]].to_numpy(float) * GRID:
            mask[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))] = True
        edges = {"x0": own["x0"].min(), "y0": own["y0"].min(), "x1": own["x1"].max(), "y1": own["y1"].max()}
        rows.append({"image": names[str(image)], "label": label, **edges, "mask": np.packbits(mask).tobytes()})
    return pd.DataFrame(rows, columns=["image", "label", "x0", "y0", "x1", "y1", "mask"])
