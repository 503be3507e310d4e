"""Pictures that show no skin are drawn in range, in colour, and the same by the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.data.phantoms.dermoscopy.elsewhere import SIDE, clouds, draw_elsewhere


@pytest.mark.parametrize("seed", range(12))
def test_a_picture_is_in_range_and_shows_something(seed: int) -> None:
    picture = draw_elsewhere(np.random.default_rng(seed))
    assert picture.dtype == np.float32 and picture.ndim == 3 and picture.shape[2] == 3
    assert max(picture.shape[:2]) == SIDE and min(picture.shape[:2]) > SIDE // 2
    assert picture.min() >= 0 and picture.max() <= 1
    assert picture.std() > 0.01


def test_the_same_seed_draws_the_same_picture() -> None:
    one, again, other = (draw_elsewhere(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_scenes_differ_in_hue_and_in_shape() -> None:
    shown = [draw_elsewhere(rng) for rng in map(np.random.default_rng, range(24))]
    assert len({picture.shape for picture in shown}) > 12
    reddest = [int(picture.mean(axis=(0, 1)).argmax()) for picture in shown]
    assert {reddest.count(channel) > 1 for channel in range(3)} == {True}


def test_clouds_are_standardised_and_the_steeper_the_smoother() -> None:
    rough, smooth = (clouds((96, 128), np.random.default_rng(0), slope=slope) for slope in (0.5, 2.0))
    for noise in (rough, smooth):
        assert noise.shape == (96, 128) and abs(float(noise.mean())) < 1e-3 and abs(float(noise.std()) - 1) < 1e-3
    assert np.abs(np.diff(smooth)).mean() < 0.3 * np.abs(np.diff(rough)).mean()
