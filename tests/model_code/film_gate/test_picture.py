"""What is measured is what it says, at any size, and borders do not count."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.film_gate.picture import SMALL, look, reduced, without_borders

RAMP = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (256, 1))
ROUGH = np.random.default_rng(0).random((256, 256)).astype(np.float32)


def test_look_measures_what_it_says() -> None:
    assert look(RAMP).contrast == pytest.approx(0.98, abs=0.02)
    assert look(RAMP[:100]).aspect == pytest.approx(2.56)
    assert look(RAMP).noise < 0.05 < 0.5 < look(ROUGH).noise
    assert look(RAMP).colour == 0
    assert look(np.stack([RAMP, RAMP * 0, RAMP * 0], axis=2)).colour == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("shape", [(64, 64), (200, 300), (2500, 2048), (1000, 40), (300, 500, 3)])
def test_the_small_copy_keeps_shape_and_mean(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).random(shape).astype(np.float32)
    small = reduced(pixels)
    assert max(small.shape[:2]) < 2 * SMALL
    assert small.ndim == len(shape)
    assert small.mean() == pytest.approx(0.5, abs=0.03)
    assert small.dtype == np.float32


def test_borders_are_left_out() -> None:
    film = ROUGH[:100, :120]
    padded = np.pad(film, ((10, 40), (5, 25)), constant_values=1)
    assert np.array_equal(without_borders(padded), film)
    assert look(padded).aspect == pytest.approx(1.2)


def test_a_blank_picture_is_left_as_it_is() -> None:
    flat = np.full((90, 120), 0.4, np.float32)
    assert without_borders(flat).shape == (90, 120)
    assert look(flat).contrast == 0
