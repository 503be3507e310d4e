"""AUROC and average precision of many weightings of the same films at once: the films are sorted a single time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_code.judging.resample import Array, Weights


class Ranked:
    """Films (n,) by rising score, and where their positives and ties lie."""

    def __init__(self, scores: Array, positive: NDArray[np.bool_]) -> None:
        self._order = np.argsort(scores, kind="stable")
        ordered = scores[self._order]
        self._positives = np.flatnonzero(positive[self._order])
        at = ordered[self._positives]
        self._first = np.searchsorted(ordered, at, side="left")  # of the films with the same score
        self._after = np.searchsorted(ordered, at, side="right")
        self._first_positive = np.searchsorted(at, at, side="left")

    def areas(self, weights: Weights | None = None) -> tuple[Array, Array]:
        """AUROC and average precision, each (resamples,), of weights (n, resamples); of the films as they are when None.

        AUROC is the Mann-Whitney statistic with ties counted half: the weight below each positive is read from one cumulative
        sum over all films, and what positives lie above each other (half of all their pairs) is taken off. Average precision is
        scikit-learn's: precision at each threshold times the recall it adds, without interpolation. NaN where a kind is missing.
        """
        ordered = np.ones((len(self._order), 1), np.float32) if weights is None else weights[self._order]
        below = np.zeros((len(ordered) + 1, ordered.shape[1]))
        np.cumsum(ordered, axis=0, dtype=np.float64, out=below[1:])
        mine = ordered[self._positives].astype(np.float64)
        positives, total = mine.sum(axis=0), below[-1]
        beneath = np.zeros((len(mine) + 1, ordered.shape[1]))
        np.cumsum(mine, axis=0, out=beneath[1:])
        with np.errstate(invalid="ignore", divide="ignore"):
            pairs = (mine * (below[self._first] + below[self._after])).sum(axis=0) / 2 - positives**2 / 2
            auroc = pairs / (positives * (total - positives))
            found = positives - beneath[self._first_positive]
            precision = np.where(mine > 0, found / (total - below[self._first]), 0.0)
            return auroc, (mine * precision).sum(axis=0) / positives
