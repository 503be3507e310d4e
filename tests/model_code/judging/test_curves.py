"""Curves are scikit-learn's, thinned without losing their shape."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score, roc_curve

from model_code.bundle_info import LabelFigures
from model_code.judging.curves import POINTS, curves_of, pictures
from tests.model_code.judging.drawn import LABELS, scores

RNG = np.random.default_rng(0)


def test_few_films_give_every_point() -> None:
    positive = np.array([True, False, True, True, False, False])
    said = np.array([0.9, 0.8, 0.8, 0.6, 0.3, 0.1])
    roc, precision = curves_of(said, positive)
    across, up, _ = roc_curve(positive, said, drop_intermediate=False)
    assert np.array(roc) == pytest.approx(np.stack([across, up], axis=1), abs=1e-4)
    assert precision[0] == pytest.approx((1 / 3, 1.0), abs=1e-4) and precision[-1] == (1.0, 0.5)


def test_many_films_are_thinned_and_the_area_stays() -> None:
    positive = RNG.random(5000) < 0.1
    said = RNG.normal(size=5000) + 1.5 * positive
    roc, precision = curves_of(said, positive)
    assert len(roc) <= POINTS + 1 and len(precision) <= POINTS
    assert roc[0] == (0.0, 0.0) and roc[-1] == (1.0, 1.0)
    assert auc(*np.array(roc).T) == pytest.approx(roc_auc_score(positive, said), abs=0.01)


def test_pictures_name_labels_and_their_areas() -> None:
    roc, precision = pictures([scores(), scores(noise=1)], dict.fromkeys(LABELS, LabelFigures(positives=1, negatives=1)))
    assert "A: too few" in roc and "B: too few" in precision
    assert roc.count('class="second"') == 2
