"""Validation looks at every film once, unchanged, with the weights that would be kept."""

from __future__ import annotations

import pytest
import torch

from model_code.errors import OverreadError
from model_code.training.augment import unchanged
from model_code.training.epochs import accuracy, macro_auroc
from model_code.training.validation import BATCH, validate
from tests.model_code.training.tiny import Rows, learner, targets


def test_its_figures_are_those_of_one_pass_over_all_films() -> None:
    count = BATCH + 7
    films, truth = Rows(count), targets(count)
    learning = learner(average=0.5)
    calls: list[None] = []

    figures = validate(learning, films, truth, after_each=lambda: calls.append(None))

    model = learning.best_guess.eval()
    with torch.no_grad():
        logits = model(unchanged(torch.from_numpy(films.pixels), 32)).logits
    assert figures.loss == pytest.approx(float(learning.loss(logits, truth).mean), rel=1e-5)
    assert figures.auroc == pytest.approx(macro_auroc(truth.numpy(), logits.numpy()), abs=1e-3)
    assert figures.accuracy == pytest.approx(accuracy(truth.numpy(), logits.numpy(), exclusive=False))
    assert len(calls) == 2


def test_it_leaves_the_running_values_alone() -> None:
    learning = learner()
    before = {name: tensor.clone() for name, tensor in learning.model.state_dict().items()}
    validate(learning, Rows(), targets())
    assert all(torch.equal(tensor, before[name]) for name, tensor in learning.model.state_dict().items())


def test_a_network_that_has_diverged_is_no_model() -> None:
    learning = learner(learning_rate=0.5)
    next(learning.model.parameters()).data.fill_(torch.inf)
    with pytest.raises(OverreadError, match=r"training diverged; begin again with a lower --learning-rate \(it was 0.5\)"):
        validate(learning, Rows(), targets())
