"""The moving average follows the weights, and forgets where they began."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from model_code.training.averages import MovingAverage


def test_it_is_polyaks_average_with_a_decay_that_grows() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average = MovingAverage(model, 0.9)
    expected = 0.0
    for step in range(1, 200):
        nn.init.constant_(model.weight, float(step))
        average.follow(model)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert average.model.state_dict()["weight"].item() == pytest.approx(expected, rel=1e-5)


def test_counters_are_copied_and_no_gradient_flows() -> None:
    model = nn.BatchNorm1d(2)
    average = MovingAverage(model, 0.5)
    model(torch.rand(4, 2))
    average.follow(model)
    assert average.model.state_dict()["num_batches_tracked"].item() == 1
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())
