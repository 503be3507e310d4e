"""Are probabilities true? Reliability curves and the expected calibration error, before and after calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import Bin, Reliability
from model_code.calibration_curve import RAW, probability_of
from model_code.judging.panels import Panel, panels
from model_code.judging.resample import Array, interval, resamples
from model_code.shares import share

BINS: Final = 10


def reliability_curve(probability: Array, positive: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """What was said against what was: at most ``BINS`` groups of about as many films each, by rising probability."""
    return tuple(
        Bin(said=round(float(probability[rows].mean()), 4), found=share(int(positive[rows].sum()), len(rows)))
        for rows in groups_of_equal_size(probability)
    )


def groups_of_equal_size(probability: Array) -> list[NDArray[np.intp]]:
    """Rows of at most ``BINS`` groups of about as many films each, by rising probability."""
    order = np.argsort(probability, kind="stable")
    return np.array_split(order, min(BINS, len(order)))


def calibration_error(probability: Array, positive: NDArray[np.bool_]) -> float:
    """Expected calibration error over groups of about as many films each (Nixon et al. 2019: adaptive), 0 to 1.

    With few films it is above 0 even where every probability is true; so only compare it on the same films.
    """
    gaps = [abs(float((probability[rows] - positive[rows]).sum())) for rows in groups_of_equal_size(probability)]
    return sum(gaps) / len(probability)


def reliability(
    targets: Array, logits: Array, probabilities: Array, groups: NDArray[np.generic], labels: tuple[str, ...]
) -> dict[str, Reliability]:
    """Whether probabilities are true, per label, before and after calibration, on films where the label is known."""
    found = {}
    for index, label in enumerate(labels):
        known = ~np.isnan(targets[:, index])
        if not known.any():
            continue
        positive, after = targets[known, index] == 1, probabilities[known, index]
        before = probability_of(RAW, logits[known, index])
        gaps = np.concatenate([gaps_of(before, positive), gaps_of(after, positive)])  # (groups before, then after; films)
        drawn = np.concatenate([(gaps @ weights) / weights.sum(axis=0) for weights in resamples(groups[known])], axis=1)
        half = len(gaps) // 2
        errors = {
            name: interval(calibration_error(said, positive), np.abs(part).sum(axis=0).astype(np.float64))
            for name, said, part in (("error_before", before, drawn[:half]), ("error", after, drawn[half:]))
        }
        found[label] = Reliability(**errors, curve=reliability_curve(after, positive))
    return found


def gaps_of(said: Array, positive: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What each film adds to the gap of its group (groups, films); the groups stay as they are on the whole sample."""
    parts = groups_of_equal_size(said)
    gaps = np.zeros((len(parts), len(said)), np.float32)
    for index, rows in enumerate(parts):
        gaps[index, rows] = said[rows] - positive[rows]
    return gaps


def reliability_picture(labels: Mapping[str, Reliability]) -> str:
    """A small picture a label, as SVG: said against found with 95% intervals; on the diagonal what is said is true."""
    cells = [
        Panel(
            f"{label.replace('_', ' ')}: ECE {found.error.value:.3f}",
            bars=[(one.said, one.found.low, one.found.value, one.found.high) for one in found.curve],
        )
        for label, found in labels.items()
    ]
    return panels(cells, label="Reliability of each label's probabilities: said against found", across="said")
