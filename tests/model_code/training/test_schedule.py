"""The learning rate rises, then falls to zero."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.training.schedule import share_of_peak


@pytest.mark.parametrize("warm_up", [0.25, 0.1, 0.5])
def test_the_learning_rate_rises_then_falls_to_zero(warm_up: float) -> None:
    rates = [share_of_peak(step / 100, warm_up) for step in range(101)]
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(1) and peak == round(100 * warm_up)
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 0 < rates[0] < 0.1 and rates[-1] == pytest.approx(0)


def test_without_a_warm_up_it_begins_at_its_peak() -> None:
    assert share_of_peak(0, 0) == 1
