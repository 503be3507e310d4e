"""ROC and precision-recall curves of every label, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import LabelFigures
from model_code.judging.panels import Panel, panels
from model_code.judging.resample import Array
from model_code.judging.scores import Scores

POINTS: Final = 80
"""Of a curve at most so many are drawn."""

Curve = list[tuple[float, float]]


def curves_of(probability: Array, positive: NDArray[np.bool_]) -> tuple[Curve, Curve]:
    """ROC (1 - specificity, sensitivity) and precision-recall (recall, precision) of films (n,) with at least one of each kind.

    Each starts at the strictest threshold; a precision-recall curve starts with the first film that it finds.
    """
    order = np.argsort(-probability, kind="stable")
    last_of_a_tie = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)
    hits = np.cumsum(positive[order])[last_of_a_tie]
    alarms = last_of_a_tie + 1 - hits
    sensitivity, false_alarms = hits / hits[-1], alarms / alarms[-1]
    precision = hits / (hits + alarms)
    return [(0.0, 0.0), *_thinned(false_alarms, sensitivity)], _thinned(sensitivity, precision)


def _thinned(across: Array, up: Array) -> Curve:
    """Points at about equal steps along the curve, its corners among them."""
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(across)) + np.abs(np.diff(up)))])
    chosen = np.unique(np.searchsorted(along, np.linspace(0, along[-1], POINTS)).clip(max=len(across) - 1))
    return [(round(float(across[index]), 4), round(float(up[index]), 4)) for index in chosen]


def pictures(models: Sequence[Scores], figures: Mapping[str, LabelFigures]) -> tuple[str, str]:
    """ROC and precision-recall curves as two SVGs; the second model, if any, in another colour. Figures are the first one's."""
    roc, precision = [], []
    for index, label in enumerate(models[0].labels):
        found = figures[label]
        drawn = []
        for scores in models:
            truth = scores.targets[:, index]
            known = ~np.isnan(truth)
            if 0 < (truth == 1).sum() < known.sum():
                drawn.append(curves_of(scores.probabilities[known, index], truth[known] == 1))
        name = label.replace("_", " ")
        area, mean = (f"{one.value:.3f}" if one else "too few" for one in (found.auroc, found.average_precision))
        roc.append(Panel(f"{name}: {area}", curves=[one for one, _ in drawn]))
        precision.append(Panel(f"{name}: {mean}", curves=[one for _, one in drawn]))
    return (
        panels(roc, label="ROC curves: sensitivity over 1 minus specificity, by label", across="1 - spec."),
        panels(precision, label="Precision over recall, by label", across="recall", diagonal=False),
    )
