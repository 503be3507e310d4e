"""Pictures that show no skin are drawn in range, in colour, and the same by the same seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from model_code.data.phantoms.dermoscopy.other_organs import SIDE, draw_other_organ, eye, gut, tissue


@pytest.mark.parametrize("seed", range(12))
def test_a_picture_is_in_range_and_shows_something(seed: int) -> None:
    picture = draw_other_organ(np.random.default_rng(seed))
    assert picture.dtype == np.float32 and picture.ndim == 3 and picture.shape[2] == 3
    assert max(picture.shape[:2]) == SIDE and min(picture.shape[:2]) > SIDE // 2
    assert picture.min() >= 0 and picture.max() <= 1
    assert picture.std() > 0.01


def test_the_same_seed_draws_the_same_picture() -> None:
    one, again, other = (draw_other_organ(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert one.shape != other.shape or not np.array_equal(one, other)


@pytest.mark.parametrize("draw", [eye, tissue, gut])
def test_each_kind_has_its_colours(draw: Callable[[np.random.Generator], NDArray[np.float32]]) -> None:
    pictures = [draw(np.random.default_rng(seed)) for seed in range(6)]
    assert all(np.ptp(picture, axis=2).mean() > 0.02 for picture in pictures)  # in colour
    assert len({float(picture.mean()) for picture in pictures}) == 6


def test_an_eyes_corners_are_dark() -> None:
    corners = [eye(np.random.default_rng(seed))[:6, :6].mean() for seed in range(8)]
    assert sorted(corners)[4] < 0.1
