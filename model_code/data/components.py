"""Connected components of a mask, with their boxes, in numpy alone: what reads films carries no image-processing library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Runs:
    """Horizontal runs of a mask, in reading order; ``end`` is the column behind the last one of a run."""

    row: Ints
    start: Ints
    end: Ints

    @property
    def length(self) -> Ints:
        return self.end - self.start


@dataclass(frozen=True)
class Components:
    """``of_run``: which component a run belongs to, 0 to n-1. The rest has one value a component; ends are exclusive."""

    runs: Runs
    of_run: Ints
    top: Ints
    bottom: Ints
    left: Ints
    right: Ints
    area: Ints

    def mean(self, of_each_run: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over a component's runs."""
        count = len(self.area)
        return np.bincount(self.of_run, of_each_run, count) / np.bincount(self.of_run, minlength=count)


def components(mask: NDArray[np.bool_]) -> Components:
    """The 8-connected components of a mask (rows, columns)."""
    runs = _runs(mask)
    label = _connect(len(runs.row), *_touching(runs))
    _, label = np.unique(label, return_inverse=True)
    count = int(label.max()) + 1 if len(label) else 0

    def least(values: Ints) -> Ints:
        result = np.full(count, np.iinfo(np.intp).max)
        np.minimum.at(result, label, values)
        return result

    return Components(
        runs,
        label,
        top=least(runs.row),
        bottom=-least(-runs.row - 1),
        left=least(runs.start),
        right=-least(-runs.end),
        area=np.bincount(label, runs.length, count).astype(np.intp),
    )


def _runs(mask: NDArray[np.bool_]) -> Runs:
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded, axis=1)
    row, start = np.nonzero(change == 1)
    return Runs(row, start, np.nonzero(change == -1)[1])


def _touching(runs: Runs) -> tuple[Ints, Ints]:
    """Pairs of runs in neighbouring rows that share a column or a corner."""
    width = int(runs.end.max()) + 2 if len(runs.end) else 1
    starts, ends = runs.row * width + runs.start, runs.row * width + runs.end
    above = np.arange(len(runs.row))
    # the runs of the next row that overlap columns start-1 … end
    first = np.searchsorted(ends, (runs.row + 1) * width + runs.start, side="left")
    last = np.searchsorted(starts, (runs.row + 1) * width + runs.end, side="right")
    counts = np.maximum(last - first, 0)
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(above, counts), np.repeat(first, counts) + offset


def _connect(count: int, one: Ints, other: Ints) -> Ints:
    """The least number of its component for each of ``count`` nodes, by lowering labels along edges until none changes."""
    label = np.arange(count)
    while True:
        before = label.copy()
        lower = np.minimum(label[one], label[other])
        np.minimum.at(label, one, lower)
        np.minimum.at(label, other, lower)
        label = label[label]  # halves the paths, so that few rounds suffice
        if np.array_equal(label, before):
            return label
