"""Paint covers what it should, and what is drawn on a lesion stays on it however the dermoscope is held."""

from __future__ import annotations

import numpy as np

from model_code.data.phantoms.dermoscopy.canvas import Canvas, smooth_noise


def canvas(seed: int) -> Canvas:
    return Canvas(np.random.default_rng(seed), side=64, skin=(0.8, 0.6, 0.5))


def test_paint_mixes_by_its_amount() -> None:
    one = canvas(0)
    amount = np.zeros((64, 64), np.float32)
    amount[0], amount[1] = 1, 0.5
    one.paint((0.0, 1.0, 0.0), amount)
    np.testing.assert_allclose(one.rgb[0, 0], (0, 1, 0), atol=1e-6)
    np.testing.assert_allclose(one.rgb[1, 0], (0.4, 0.8, 0.25), atol=1e-6)
    np.testing.assert_allclose(one.rgb[2, 0], (0.8, 0.6, 0.5), atol=1e-6)


def test_a_disc_and_a_line_meet_at_the_same_point_of_the_lesion() -> None:
    for seed in range(5):
        one = canvas(seed)
        disc = one.disc(0.3, -0.2, 0.08)
        line = one.lines([([(0.3, -0.3), (0.3, -0.1)], 0.1)])
        assert (disc * line).max() > 0.8


def test_noise_is_a_function_of_the_place_with_unit_variance() -> None:
    one = canvas(0)
    noise = smooth_noise(np.random.default_rng(3), 2, 6)
    field = noise(one.u, one.v)
    np.testing.assert_array_equal(field, noise(one.u, one.v))
    assert field.dtype == np.float32 and 0.5 < field.std() < 1.5
