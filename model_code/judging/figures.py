"""Figures of every label with their intervals, on any set of films: a whole split, or one subgroup of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import Interval, LabelCalibration, LabelFigures, PointFigures
from model_code.judging.ranked import Ranked
from model_code.judging.resample import Array, Weights, fewest_groups, interval, mean_where_defined, resamples
from model_code.reliability import gaps_of

ENOUGH: Final = 10
"""Patients (lesions) with films of each kind, with the finding and without it, below which nothing is said of a label in a
subgroup: films of one patient resemble each other, and an interval over a few patients would be too narrow."""

POINTS: Final = ("rule_out", "balanced", "rule_in")


@dataclass(frozen=True)
class Measured:
    """What ``measure`` finds. A label that lacks one kind of film has no figures and is left out of the mean."""

    labels: dict[str, LabelFigures]
    points: dict[str, dict[str, PointFigures]]
    macro_auroc: Interval | None


class _Label:
    """One label's films where it is known, ready for many weightings."""

    def __init__(self, truth: Array, probability: Array, thresholds: Sequence[float]) -> None:
        self.known = ~np.isnan(truth)
        self.positive, said = truth[self.known] == 1, probability[self.known]
        self._ranked = Ranked(said, self.positive)
        found = said >= np.array(thresholds)[:, None]
        self._points = len(thresholds)
        rows_of = (self.positive[None], found & self.positive, found & ~self.positive, gaps_of(said, self.positive))
        self._indicators = np.concatenate([np.asarray(rows, np.float32) for rows in rows_of])

    def figures(self, weights: Weights | None = None) -> NDArray[np.float64]:
        """AUROC, average precision, F1, calibration error, then sensitivity and specificity a point: (figures, resamples)."""
        mine = np.ones((len(self.positive), 1), np.float32) if weights is None else weights[self.known]
        summed = (self._indicators @ mine).astype(np.float64)
        total, positives = mine.sum(axis=0, dtype=np.float64), summed[0]
        hits, alarms = summed[1 : 1 + self._points], summed[1 + self._points : 1 + 2 * self._points]
        gaps = np.abs(summed[1 + 2 * self._points :]).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            sensitivity, specificity = hits / positives, 1 - alarms / (total - positives)
            f1 = 2 * hits[1] / (hits[1] + alarms[1] + positives)
            return np.stack([*self._ranked.areas(mine), f1, gaps / total, *sensitivity, *specificity])


def measure(
    targets: Array,
    probabilities: Array,
    groups: NDArray[np.generic],
    calibration: Mapping[str, LabelCalibration],
    *,
    enough: int = 1,
) -> Measured:
    """Figures per label and the macro AUROC, with intervals.

    Args:
        targets: (N, K), 1, 0 or NaN for unknown.
        probabilities: (N, K), as they are said.
        groups: (N,), the patients or lesions.
        calibration: the labels in the order of the columns, with their operating points.
        enough: patients with films of each kind that a label needs to be measured.
    """
    wanted = {}
    for index, (label, chosen) in enumerate(calibration.items()):
        known = ~np.isnan(targets[:, index])
        if fewest_groups(groups[known], targets[known, index] == 1) >= enough:
            thresholds = [getattr(chosen, name).threshold for name in POINTS]
            wanted[label] = _Label(targets[:, index], probabilities[:, index], thresholds)
    counted = {label: _count(targets[:, index]) for index, label in enumerate(calibration)}
    if not wanted:
        return Measured(counted, {}, None)
    blocks = [np.stack([one.figures(weights) for one in wanted.values()]) for weights in resamples(groups)]
    samples, whole = np.concatenate(blocks, axis=2), np.stack([one.figures()[:, 0] for one in wanted.values()])
    points = {}
    for index, label in enumerate(wanted):
        with_intervals = [interval(value, drawn) for value, drawn in zip(whole[index], samples[index], strict=True)]
        auroc, precision, f1, error, *rates = with_intervals
        pairs = zip(rates[: len(POINTS)], rates[len(POINTS) :], strict=True)
        points[label] = {
            name: PointFigures(sensitivity=found, specificity=left) for name, (found, left) in zip(POINTS, pairs, strict=True)
        }
        counted[label] = counted[label].model_copy(
            update={
                "auroc": auroc,
                "average_precision": precision,
                "f1": f1,
                "sensitivity": points[label]["balanced"].sensitivity,
                "specificity": points[label]["balanced"].specificity,
                "calibration_error": error,
            }
        )
    return Measured(counted, points, interval(float(whole[:, 0].mean()), mean_where_defined(samples[:, 0])))


def _count(truth: Array) -> LabelFigures:
    return LabelFigures(positives=int((truth == 1).sum()), negatives=int((truth == 0).sum()))
