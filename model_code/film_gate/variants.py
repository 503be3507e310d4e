"""What can be wrong with a film of the right part: the gate's references are the mean of validation films, each changed so.

A mirrored film counts as a frontal one: without a side marker it cannot be told from a patient whose heart lies on the right.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]
View = Literal["frontal", "turned", "inverted", "cropped", "lateral"]

VIEWS: Final[tuple[View, ...]] = ("frontal", "turned", "inverted", "cropped", "lateral")

REFERENCES: Final[dict[str, View]] = {
    "frontal": "frontal",
    **dict.fromkeys(("turned 90", "turned 180", "turned 270"), "turned"),
    "inverted": "inverted",
    **dict.fromkeys(("upper half", "lower half", "left half", "right half", "middle"), "cropped"),
    **dict.fromkeys(("upper left", "upper right", "lower left", "lower right"), "cropped"),
    **dict.fromkeys(("no lower third", "no upper third", "no right third", "no left third"), "cropped"),
    **dict.fromkeys(("looking left", "looking right"), "lateral"),
}
"""The references in their order, and what a picture is that agrees best with each."""

OF_REFERENCES: Final = np.array([VIEWS.index(view) for view in REFERENCES.values()])
"""The index of each reference's view."""


def variants(film: Array) -> dict[str, Array]:
    """A frontal film (rows, columns) changed in each way, by the reference's name; lateral views cannot be made from it."""
    rows, columns = film.shape
    top, bottom, left, right = slice(rows // 2), slice(rows // 2, None), slice(columns // 2), slice(columns // 2, None)
    return {
        "frontal": film,
        "turned 90": np.rot90(film, 1),
        "turned 180": np.rot90(film, 2),
        "turned 270": np.rot90(film, 3),
        "inverted": 1 - film,
        "upper half": film[top],
        "lower half": film[bottom],
        "left half": film[:, left],
        "right half": film[:, right],
        "middle": film[rows // 4 : rows * 3 // 4, columns // 4 : columns * 3 // 4],
        "upper left": film[top, left],
        "upper right": film[top, right],
        "lower left": film[bottom, left],
        "lower right": film[bottom, right],
        "no lower third": film[: rows * 2 // 3],
        "no upper third": film[rows // 3 :],
        "no right third": film[:, : columns * 2 // 3],
        "no left third": film[:, columns // 3 :],
    }


def still_frontal(film: Array, rng: np.random.Generator) -> list[Array]:
    """Changes that leave a film assessable: mirrored, and a small turn, zoom and shift."""
    angle, zoom = rng.uniform(-6, 6), rng.uniform(0.92, 1.08)
    moved = Image.fromarray(film).rotate(
        angle, Image.Resampling.BILINEAR, translate=(int(rng.integers(-6, 7)), int(rng.integers(-6, 7)))
    )
    rows, columns = film.shape
    margin = (columns * (1 - 1 / zoom) / 2, rows * (1 - 1 / zoom) / 2)
    box = (margin[0], margin[1], columns - margin[0], rows - margin[1])
    zoomed = Image.fromarray(film).transform((columns, rows), Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)
    return [np.ascontiguousarray(film[:, ::-1]), np.asarray(moved, np.float32), np.asarray(zoomed, np.float32)]
