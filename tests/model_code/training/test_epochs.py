"""Which epoch is best, and the figures that decide it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model_code.training.epochs import Epoch, accuracy, macro_auroc


def epoch(number: int, *, loss: float, auroc: float, accuracy: float = 0.5) -> Epoch:
    return Epoch(number, 1.0, loss, auroc, accuracy, 1.0)


def test_better_is_a_higher_auroc_then_a_lower_loss() -> None:
    worse, tie, best = epoch(1, loss=0.1, auroc=0.7), epoch(2, loss=0.5, auroc=0.8), epoch(3, loss=0.4, auroc=0.8)
    assert sorted([best, worse, tie], key=Epoch.rank) == [worse, tie, best]


def test_or_a_higher_accuracy_then_a_lower_loss() -> None:
    sharp = epoch(1, loss=0.1, auroc=0.9, accuracy=0.8)
    tie, best = epoch(2, loss=0.5, auroc=0.7, accuracy=0.9), epoch(3, loss=0.4, auroc=0.6, accuracy=0.9)
    assert sorted([best, tie, sharp], key=lambda one: one.rank("accuracy")) == [sharp, tie, best]


def test_macro_auroc_is_over_labels_that_can_be_scored() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, (40, 3)).astype(np.float32)
    scores = rng.random((40, 3)).astype(np.float32)
    targets[:, 2] = 0
    targets[:7, 1] = np.nan
    expected = np.mean([roc_auc_score(targets[:, 0], scores[:, 0]), roc_auc_score(targets[7:, 1], scores[7:, 1])])
    assert macro_auroc(targets, scores) == pytest.approx(expected)
    assert macro_auroc(targets[:, 2:], scores[:, 2:]) == 0.5


def test_accuracy_is_of_films_where_labels_exclude_each_other_and_of_labels_elsewhere() -> None:
    targets = np.array([[1, 0], [0, 1], [np.nan, np.nan]], np.float32)
    logits = np.array([[3, 1], [2, 1], [0, 1]], np.float32)
    assert accuracy(targets, logits, exclusive=True) == 0.5
    assert accuracy(targets, logits, exclusive=False) == 0.5
    assert accuracy(targets[2:], logits[2:], exclusive=True) == 0.0
