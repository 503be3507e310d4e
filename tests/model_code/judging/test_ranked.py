"""Areas of weighted films are scikit-learn's, with and without ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from model_code.judging.ranked import Ranked


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), films=st.integers(4, 60), kinds=st.integers(2, 30))
def test_they_are_scikit_learns(seed: int, films: int, kinds: int) -> None:
    """Few kinds of scores make many ties; weights are those of a bootstrap."""
    rng = np.random.default_rng(seed)
    scores, positive = rng.integers(0, kinds, films).astype(float), rng.random(films) < 0.4
    positive[:2] = (True, False)
    weights = rng.integers(0, 4, (films, 3)).astype(np.float32)
    weights[:2] = 1
    auroc, precision = Ranked(scores, positive).areas(weights)
    for column in range(3):
        assert auroc[column] == pytest.approx(roc_auc_score(positive, scores, sample_weight=weights[:, column]))
        assert precision[column] == pytest.approx(average_precision_score(positive, scores, sample_weight=weights[:, column]))


def test_films_as_they_are() -> None:
    scores, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    auroc, precision = Ranked(scores, positive).areas()
    assert auroc == pytest.approx([0.75]) and precision == pytest.approx([0.8333], abs=1e-4)


def test_a_resample_without_one_kind_has_no_areas() -> None:
    scores, positive = np.array([0.1, 0.4]), np.array([False, True])
    auroc, precision = Ranked(scores, positive).areas(np.array([[1, 0], [0, 1]], np.float32))
    assert np.isnan(auroc).all() and np.isnan(precision[0])
