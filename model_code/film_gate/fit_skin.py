"""Fits what tells dermoscopies from other pictures.

Known pictures alone leave too much room: a few of them say little of how far the next good one may lie from the rest, and a
photograph in browns lies near. So drawn pictures stand for everything else ("outlier exposure", Hendrycks et al., ICLR 2019), and
what counts is how much more a picture is like the known ones than like those (Ren et al., NeurIPS 2019).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LogisticRegression

from model_code.film_gate.known import FOLDS
from model_code.film_gate.skin import Skin, described

Array = NDArray[np.float32]

STRENGTH: Final = 0.1
"""Inverse regularisation of the classifier (scikit-learn's C)."""


def fit_skin(known: Array, elsewhere: Array) -> Skin:
    """Fits on signatures of dermoscopies (N, D) and of pictures of other things (M, D).

    The spread is shrunk towards that of independent figures, the more the fewer pictures there are (Ledoit & Wolf,
    J Multivar Anal 2004;88:365): directions in which a few pictures happen to agree would rule out the next good one.
    """
    mean, spread = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-6)
    variance, axes = np.linalg.eigh(LedoitWolf(assume_centered=True).fit((known - mean) / spread).covariance_)
    directions = (axes / np.sqrt(np.maximum(variance, 1e-6))).T / spread
    deviations = (np.concatenate([known, elsewhere]) - mean) @ directions.T
    classifier = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=2000)
    classifier.fit(described(deviations), np.repeat([1, 0], (len(known), len(elsewhere))))
    return Skin(*(np.asarray(part, np.float32) for part in (mean, directions, classifier.coef_[0], classifier.intercept_)))


def held_out(known: Array, elsewhere: Array, picture_of: NDArray[np.intp]) -> tuple[Array, Array]:
    """Distances and margins (N,) of known pictures by fits on the other folds; versions of one picture (N,) share a fold."""
    distances, margins = np.empty(len(known), np.float32), np.empty(len(known), np.float32)
    fold_of = picture_of % FOLDS
    for fold in np.unique(fold_of):
        out = fold_of == fold
        skin = fit_skin(known[~out], elsewhere)
        distances[out], margins[out] = skin.distance(known[out]), skin.margin(known[out])
    return distances, margins
