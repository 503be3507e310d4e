"""What tells the signatures of dermoscopies from those of other pictures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Skin(NamedTuple):
    """Where the signatures (D,) of known dermoscopies lie, and what tells them from others; ``fit_skin`` fits it."""

    mean: Array  # (D,)
    directions: Array  # (D, D), each divided by the spread of known pictures along it
    weights: Array  # (2 D,): of what ``described`` makes of the deviations
    offset: Array  # (1,)

    def deviations(self, signatures: Array) -> Array:
        """Standardised deviations along the directions, of one signature (D,) or of many (N, D)."""
        return np.asarray((signatures - self.mean) @ self.directions.T, np.float32)

    def distance(self, signatures: Array) -> Array:
        """Root mean square of the deviations, () or (N,); about 1 for known pictures, less where few of them were known."""
        return np.asarray(np.sqrt((self.deviations(signatures) ** 2).mean(axis=-1)), np.float32)

    def margin(self, signatures: Array) -> Array:
        """Log odds of a dermoscopy against a picture of something else, () or (N,)."""
        return np.asarray(described(self.deviations(signatures)) @ self.weights + self.offset[0], np.float32)


def described(deviations: Array) -> Array:
    """Deviations (…, D) and the logarithms of 1 + their squares, (…, 2 D).

    So a plane may close around the known pictures, and one strange figure does not outweigh all others.
    """
    return np.concatenate([deviations, np.log1p(deviations**2)], axis=-1)
