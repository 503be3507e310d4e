"""AUROC with its error by DeLong's method, for films that come in patients, so that any two AUROCs can be compared.

The bootstrap answers "how sure is this figure"; a gate asks hundreds of times "how sure is this *difference*", of two models on
the same films, or of two subgroups. DeLong's structural components answer that without chance (a gate run twice gives one
verdict) and in the time of a sort (Sun & Xu, IEEE Signal Processing Letters 2014). They are summed by patient before they are
squared (Obuchowski, Biometrics 1997), since films of one patient are not independent; with one film a patient the result is
DeLong's (Biometrics 1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from model_code.bundle_info import Interval
from model_code.judging.resample import Array
from model_code.shares import Z

CHANCE: Final = 0.5
"""By how much a model that is right of a film stands above one that is at chance."""


@dataclass(frozen=True)
class Estimate:
    """A figure, and how far each patient moved it (all patients,); its variance is the sum of their squares, and ``unseen``.

    Differences and means of estimates are estimates again: what two models or two subgroups share in patients cancels out.
    """

    value: float
    influence: Array
    unseen: float = 0.0
    """Variance of patients whom so few films do not show."""

    @property
    def error(self) -> float:
        """Standard error."""
        return sqrt(float(self.influence @ self.influence) + self.unseen)

    @property
    def interval(self) -> Interval:
        """95%, by the normal distribution."""
        low, high = self.value - Z * self.error, self.value + Z * self.error
        return Interval(value=round(self.value, 4), low=round(low, 4), high=round(high, 4))

    @property
    def share(self) -> Interval:
        """The interval of what lies between 0 and 1, as an area does."""
        whole = self.interval
        return Interval(value=whole.value, low=max(0.0, whole.low), high=min(1.0, whole.high))

    def __sub__(self, other: Estimate) -> Estimate:
        return Estimate(self.value - other.value, self.influence - other.influence, self.unseen + other.unseen)

    def widened(self, positives: int, negatives: int) -> Estimate:
        """A difference of two models on so many patients of each kind, with two pseudo-patients more of each.

        On one of them the one model is right and the other at chance, on the other it is the other way round. The plain variance
        is far too small where few patients differ, and 0 where none does; adding a pair of each kind mends that for paired
        proportions (Agresti & Min, Statistics in Medicine 2005; Bonett & Price, JEBS 2012), and so, by simulation, for AUROC.
        """
        return replace(self, unseen=2 * CHANCE**2 * (1 / positives**2 + 1 / negatives**2))

    def can_show(self, margin: float) -> bool:
        """Whether the same model twice, on as many patients, would be shown to be within the margin."""
        return Estimate(0.0, np.zeros(1), self.unseen).interval.low > -margin

    def p_below(self, limit: float) -> float:
        """One-sided p-value of "the true figure is at least ``limit``"; small when it clearly lies below."""
        if self.error == 0:
            return float(self.value >= limit)
        return NormalDist().cdf((self.value - limit) / self.error)


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """The mean of figures on the same patients; pseudo-patients are two of each kind for the mean too, of any of its figures."""
    influence = np.mean([one.influence for one in estimates], axis=0)
    unseen = sum(one.unseen for one in estimates) / len(estimates) ** 3
    return Estimate(float(np.mean([one.value for one in estimates])), influence, unseen)


def mean_by_patient(values: Array, groups: NDArray[np.int64]) -> Estimate:
    """The mean over patients of what holds of their films (n,) on average, so that no patient with many films decides it."""
    _, members, films = np.unique(groups, return_inverse=True, return_counts=True)
    of_each = np.bincount(members, values) / films
    mean = float(of_each.mean())
    return Estimate(mean, _by_patient(of_each - mean, np.arange(len(films)), len(films)))


def auroc(scores: Array, positive: NDArray[np.bool_], groups: NDArray[np.int64], patients: int) -> Estimate:
    """AUROC of films (n,) with at least one of each kind; ``groups`` counts their patients from 0 to ``patients`` - 1."""
    high, low = scores[positive], scores[~positive]
    ranks = rankdata(scores)
    above = (ranks[positive] - rankdata(high)) / len(low)  # share of the negatives below each positive, ties half
    beneath = 1 - (ranks[~positive] - rankdata(low)) / len(high)
    value = float(above.mean())
    of_positives = _by_patient(above - value, groups[positive], patients)
    of_negatives = _by_patient(beneath - value, groups[~positive], patients)
    return Estimate(value, of_positives + of_negatives)


def _by_patient(components: Array, groups: NDArray[np.int64], patients: int) -> Array:
    """Components summed by patient, over their number; scaled for the one degree of freedom that the mean took."""
    concerned = len(np.unique(groups))
    scale = sqrt(concerned / (concerned - 1)) if concerned > 1 else 1.0
    return np.bincount(groups, components, minlength=patients) * scale / len(components)
