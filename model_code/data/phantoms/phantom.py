"""What every kind of phantom gives: rows to draw, and for each row a picture with its labels and the places of its signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_code.data.phantoms.anatomy import Mask


@dataclass(frozen=True)
class Phantom:
    """A drawn picture: uint8 (side, side), or (side, side, 3) in colour; ``side`` is a multiple of ``places.GRID``."""

    group: str
    """The patient or lesion."""
    number: int
    """Which of its pictures."""
    pixels: NDArray[np.uint8]
    labels: frozenset[str]
    """What is true of it."""
    places: dict[str, Mask]
    """For each label that shows somewhere, where."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Columns of the manifest beside the labels."""


class Kind(NamedTuple):
    """How the phantoms of one task are made."""

    rows: Callable[[tuple[str, ...], int, int], tuple[list[Any], dict[str, Any]]]
    """From labels, number of groups and seed to the rows, and what the report says of how they were chosen."""
    draw: Callable[[Any, int], Phantom]
    """Draws one row, in another process; it depends on the row and the seed alone."""
