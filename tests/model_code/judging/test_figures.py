"""Every figure is that of a reference implementation, and its interval resamples patients."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from model_code.bundle_info import Interval
from model_code.judging.figures import measure
from model_code.reliability import calibration_error
from tests.model_code.judging.drawn import LABELS, calibration, scores

DRAWN = scores(patients=120)


def test_figures_are_the_references() -> None:
    found = measure(DRAWN.targets, DRAWN.probabilities, DRAWN.groups, calibration())
    for index, label in enumerate(LABELS):
        truth, said = DRAWN.targets[:, index], DRAWN.probabilities[:, index]
        one, given = found.labels[label], said >= 0.5
        expected = {
            "auroc": roc_auc_score(truth, said),
            "average_precision": average_precision_score(truth, said),
            "f1": f1_score(truth, given),
            "sensitivity": given[truth == 1].mean(),
            "specificity": (~given[truth == 0]).mean(),
            "calibration_error": calibration_error(said, truth == 1),
        }
        for name, value in expected.items():
            figure = getattr(one, name)
            assert figure.value == pytest.approx(value, abs=6e-5), name
            assert figure.low <= figure.value <= figure.high or name == "calibration_error"
        assert one.positives + one.negatives == len(DRAWN)
        points = found.points[label]
        assert points["rule_out"].sensitivity.value > points["rule_in"].sensitivity.value
        assert points["balanced"].sensitivity == one.sensitivity
    assert found.macro_auroc is not None
    expected_macro = np.mean([roc_auc_score(DRAWN.targets[:, i], DRAWN.probabilities[:, i]) for i in range(2)])
    assert found.macro_auroc.value == pytest.approx(expected_macro, abs=6e-5)


def width(figure: Interval | None) -> float:
    assert figure is not None
    return figure.high - figure.low


def test_patients_are_resampled_not_films() -> None:
    """Copies of films bring no knowledge: with three of each the interval stays as wide as with one."""
    drawn = scores(patients=80, films=1)
    targets, said = (np.repeat(part, 3, axis=0) for part in (drawn.targets, drawn.probabilities))
    once = measure(drawn.targets, drawn.probabilities, drawn.groups, calibration())
    copied = measure(targets, said, np.repeat(drawn.groups, 3), calibration())
    fooled = measure(targets, said, np.arange(240), calibration())
    for label in LABELS:
        assert width(copied.labels[label].auroc) == pytest.approx(width(once.labels[label].auroc), rel=0.15)
        assert width(fooled.labels[label].auroc) < 0.75 * width(once.labels[label].auroc)


def test_more_patients_narrow_the_interval() -> None:
    few, many = (scores(patients=count) for count in (40, 640))
    widths = [width(measure(one.targets, one.probabilities, one.groups, calibration()).macro_auroc) for one in (few, many)]
    assert widths[1] < 0.5 * widths[0]


def test_a_label_without_both_kinds_of_film_is_counted_and_left_out_of_the_mean() -> None:
    targets = DRAWN.targets.copy()
    targets[:, 1] = 0
    found = measure(targets, DRAWN.probabilities, DRAWN.groups, calibration())
    assert found.labels["B"].auroc is None and found.labels["B"].negatives == len(DRAWN)
    assert found.macro_auroc is not None and found.labels["A"].auroc is not None
    assert found.macro_auroc.value == found.labels["A"].auroc.value
    targets[:, 0] = 0
    assert measure(targets, DRAWN.probabilities, DRAWN.groups, calibration()).macro_auroc is None


def test_unknown_films_do_not_count() -> None:
    targets = DRAWN.targets.copy()
    targets[:100, 0] = np.nan
    found = measure(targets, DRAWN.probabilities, DRAWN.groups, calibration()).labels["A"]
    assert found.auroc is not None and found.positives + found.negatives == len(DRAWN) - 100
    assert found.auroc.value == pytest.approx(roc_auc_score(targets[100:, 0], DRAWN.probabilities[100:, 0]), abs=6e-5)
