"""Which curve turns a label's logits into probabilities: fitted on the validation split, chosen by cross-validated log loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression

from model_code.bundle_info import Isotonic, Sigmoid
from model_code.calibration_curve import probability_of

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]
Curve = Sigmoid | Isotonic

FOLDS: Final = 5
FEWEST: Final = 5
"""Films of each kind that every fold's fit needs; with fewer nothing can be compared."""
CLEARLY: Final = 1e-3
"""A richer curve must win by this much log loss (nats a film) over a simpler one."""


def choose(logits: Array, positive: Truth, groups: NDArray[np.str_]) -> tuple[Curve, dict[str, float]]:
    """The curve, fitted on all films, and every candidate's cross-validated log loss (empty where films are too few).

    Args:
        logits: (N,).
        positive: (N,).
        groups: (N,), the patients: no patient's films are both fitted and judged on.
    """
    losses = {name: loss for name, fit in CANDIDATES.items() if (loss := _loss(fit, logits, positive, groups)) is not None}
    chosen = "platt"
    if losses:
        best = min(losses.values())
        chosen = next(name for name in CANDIDATES if losses[name] <= best + CLEARLY)
    return CANDIDATES[chosen](logits, positive), {name: round(loss, 5) for name, loss in losses.items()}


def _loss(fit: Callable[[Array, Truth], Curve], logits: Array, positive: Truth, groups: NDArray[np.str_]) -> float | None:
    patients, member = np.unique(groups, return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(patients))[member] % FOLDS
    total = 0.0
    for held in range(FOLDS):
        fitted = fold != held
        with_it = int(positive[fitted].sum())
        if min(with_it, int(fitted.sum()) - with_it) < FEWEST:
            return None
        probability = np.clip(probability_of(fit(logits[fitted], positive[fitted]), logits[~fitted]), 1e-12, 1 - 1e-12)
        total -= float(np.log(np.where(positive[~fitted], probability, 1 - probability)).sum())
    return total / len(logits)


def _targets(positive: Truth) -> tuple[float, float]:
    """Platt's smoothed answers of films without and with the finding: no probability is ever quite 0 or 1."""
    with_it, without = int(positive.sum()), int((~positive).sum())
    return 1 / (without + 2), (with_it + 1) / (with_it + 2)


def temperature(logits: Array, positive: Truth) -> Sigmoid:
    """One number that stretches the logits (Guo et al., ICML 2017), by maximum likelihood with smoothed targets."""
    low, high = _targets(positive)
    target = np.where(positive, high, low)

    def loss(log_slope: float) -> float:
        z = math.exp(log_slope) * logits
        return float(np.mean(np.logaddexp(0, z) - target * z))

    return Sigmoid(kind="sigmoid", slope=math.exp(minimize_scalar(loss, bounds=(-7, 7), method="bounded").x), intercept=0.0)


def platt(logits: Array, positive: Truth) -> Sigmoid:
    """Platt's sigmoid by maximum likelihood, with his smoothed targets (Platt 1999, section 2.2).

    The smoothing keeps the slope finite where a label is separated without an error. The slope is never negative: calibration
    does not turn a ranking around.
    """
    low, high = _targets(positive)
    target = np.where(positive, high, low)

    def loss(parameters: Array) -> float:
        z = math.exp(parameters[0]) * logits + parameters[1]
        return float(np.mean(np.logaddexp(0, z) - target * z))

    best = minimize(loss, np.array([0.0, 0.0]), method="BFGS")
    return Sigmoid(kind="sigmoid", slope=math.exp(best.x[0]), intercept=float(best.x[1]))


def isotonic(logits: Array, positive: Truth) -> Isotonic:
    """Centred isotonic regression (Oron and Flournoy 2017): straight lines between the middles of the steps.

    So films that differ keep different probabilities between the first and the last step. The ends are Platt's smoothed targets.
    """
    low, high = _targets(positive)
    order = np.argsort(logits, kind="stable")
    ordered = logits[order]
    steps = np.clip(IsotonicRegression().fit_transform(ordered, positive[order].astype(np.float64)), low, high)
    levels, member = np.unique(steps, return_inverse=True)
    middles = np.bincount(member, weights=ordered) / np.bincount(member)
    return Isotonic(kind="isotonic", logits=tuple(middles.tolist()), probabilities=tuple(levels.tolist()))


CANDIDATES: Final[Mapping[str, Callable[[Array, Truth], Curve]]] = {
    "temperature": temperature,
    "platt": platt,
    "isotonic": isotonic,
}
"""From the simplest to the richest."""
