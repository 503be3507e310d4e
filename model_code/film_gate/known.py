"""How far a vector (a layout, an embedding) lies from those of known films."""

from __future__ import annotations

from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

COMPONENTS: Final = 24
"""Principal directions whose distance counts; the rest is taken together."""
FOLDS: Final = 4


class Known(NamedTuple):
    """Where the vectors (D,) of known films lie."""

    mean: Array  # (D,)
    directions: Array  # (components, D), orthogonal, each divided by the spread along it
    residual: Array  # (1,), typical length of what lies outside of the directions

    @classmethod
    def fit(cls, vectors: Array) -> Self:
        """Fits on the vectors (N, D) of films that are what they should be."""
        centre = vectors.mean(axis=0)
        deviations = vectors - centre
        variance, axes = np.linalg.eigh(deviations.T @ deviations / len(vectors))
        count = max(1, min(COMPONENTS, len(vectors) // 4))  # few films do not say how they spread in many directions
        axes, scale = axes[:, : -count - 1 : -1].T, np.sqrt(np.maximum(variance[: -count - 1 : -1], 1e-12))
        outside = deviations - deviations @ axes.T @ axes
        residual = np.maximum(np.sqrt((outside**2).sum(axis=1).mean(keepdims=True)), 1e-6)
        return cls(*(np.asarray(part, np.float32) for part in (centre, axes / scale[:, None], residual)))

    def distance(self, vector: Array) -> float:
        """Root mean square of the standardised deviations along the directions and outside; about 1 for known films."""
        deviation = vector - self.mean
        unit = self.directions / np.linalg.norm(self.directions, axis=1, keepdims=True)
        along = self.directions @ deviation
        outside = np.linalg.norm(deviation - unit.T @ (unit @ deviation)) / self.residual[0]
        return float(np.sqrt((np.mean(along**2) + outside**2) / 2))


def held_out_distances(vectors: Array, film_of: NDArray[np.intp]) -> Array:
    """Each vector's distance (N,) from the others, by fits on the other folds; vectors of one film (N,) share a fold."""
    distances = np.empty(len(vectors), np.float32)
    fold_of = film_of % FOLDS
    for fold in np.unique(fold_of):
        known = Known.fit(vectors[fold_of != fold])
        distances[fold_of == fold] = [known.distance(vector) for vector in vectors[fold_of == fold]]
    return distances
