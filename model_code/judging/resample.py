"""95% intervals by the bootstrap; patients (lesions) are drawn, not films, since films of one patient resemble each other.

A resample is not a copy of the films but a weight for each, 0, 1, 2 …: then a figure of a hundred resamples is a few operations
on one array, and a thousand resamples of 25,000 films take seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import Interval

Array = NDArray[np.float64]
Weights = NDArray[np.float32]

BOOTSTRAPS: Final = 1000
"""Resamples behind each interval."""
BLOCK: Final = 100
"""Resamples at a time: with 25,000 films the weights take 10 MB."""


def resamples(groups: NDArray[np.generic]) -> Iterator[Weights]:
    """``BOOTSTRAPS`` resamples, always the same, in blocks of weights (films, resamples). ``groups`` (N,) are the patients."""
    _, members = np.unique(groups, return_inverse=True)
    count = int(members.max()) + 1
    rng = np.random.default_rng(0)
    for start in range(0, BOOTSTRAPS, BLOCK):
        size = min(BLOCK, BOOTSTRAPS - start)
        picks = rng.integers(count, size=(count, size)) + np.arange(size) * count
        drawn = np.bincount(picks.ravel(), minlength=size * count).reshape(size, count)
        yield np.ascontiguousarray(drawn.T[members], np.float32)


def groups_of_each(groups: NDArray[np.generic], positive: NDArray[np.bool_]) -> tuple[int, int]:
    """From how many patients the positive films (n,) are, and the others."""
    return len(np.unique(groups[positive])), len(np.unique(groups[~positive]))


def fewest_groups(groups: NDArray[np.generic], positive: NDArray[np.bool_]) -> int:
    """From how many patients the films (n,) of the rarer kind are; an interval rests on patients, so few of them give none."""
    return min(groups_of_each(groups, positive))


def interval(value: float, samples: Array) -> Interval:
    """A figure with the 2.5th and 97.5th percentile of its resamples; those in which it is not defined are left out."""
    defined = samples[~np.isnan(samples)]
    low, high = np.percentile(defined, (2.5, 97.5)) if len(defined) else (value, value)
    return Interval(value=round(float(value), 4), low=round(float(low), 4), high=round(float(high), 4))


def mean_where_defined(samples: Array) -> Array:
    """Mean over the first axis of what is not NaN; NaN where nothing is."""
    defined = ~np.isnan(samples)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, samples, 0).sum(axis=0) / defined.sum(axis=0), np.float64)
