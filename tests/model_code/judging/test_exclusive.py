"""Accuracy, balanced accuracy and confusion are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix

from model_code.judging.exclusive import exclusive_figures


def test_figures_are_the_references() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 300, p=(0.7, 0.2, 0.1))
    logits = 2 * np.eye(3)[truth] + rng.normal(size=(300, 3))
    found = exclusive_figures(np.eye(3)[truth], logits, np.arange(300) // 2)
    assert found is not None
    given = logits.argmax(axis=1)
    assert found.accuracy.value == pytest.approx(accuracy_score(truth, given), abs=6e-5)
    assert found.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(truth, given), abs=6e-5)
    assert np.array_equal(found.confusion, confusion_matrix(truth, given))
    for figure in (found.accuracy, found.balanced_accuracy):
        assert figure.low < figure.value < figure.high


def test_pictures_without_a_known_label_are_left_out_and_a_label_without_pictures_too() -> None:
    targets = np.array([[1.0, 0, 0], [0, 1.0, 0], [np.nan, np.nan, np.nan]])
    found = exclusive_figures(targets, np.array([[3.0, 0, 0], [3.0, 0, 0], [0, 0, 3.0]]), np.arange(3))
    assert found is not None
    assert (found.accuracy.value, found.balanced_accuracy.value) == (0.5, 0.5)
    assert found.confusion == ((1, 0, 0), (1, 0, 0), (0, 0, 0))
    assert exclusive_figures(targets[2:], np.zeros((1, 3)), np.arange(1)) is None
