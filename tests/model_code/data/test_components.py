from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from model_code.data.components import components


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.floats(0.05, 0.9))
def test_components_are_those_that_scipy_finds(seed: int, rows: int, columns: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((rows, columns)) < share
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    expected = sorted(
        (box[0].start, box[0].stop, box[1].start, box[1].stop, int((labels[box] == number).sum()))
        for number, box in enumerate(ndimage.find_objects(labels), start=1)
    )
    found = components(mask)

    assert len(found.area) == count
    assert sorted(zip(found.top, found.bottom, found.left, found.right, found.area, strict=True)) == expected


@pytest.mark.parametrize("mask", [np.zeros((5, 7), bool), np.ones((5, 7), bool)])
def test_nothing_is_no_component_and_everything_is_one(mask: np.ndarray) -> None:
    assert len(components(mask).area) == mask[0, 0]


def test_a_long_winding_component_is_still_one() -> None:
    mask = np.zeros((101, 101), bool)
    mask[::2] = True
    mask[1::4, -1] = mask[3::4, 0] = True

    assert components(mask).area.tolist() == [int(mask.sum())]


def test_a_mean_is_over_the_runs_of_each_component() -> None:
    mask = np.array([[1, 0, 1], [1, 0, 0]], bool)
    found = components(mask)

    assert sorted(found.mean(found.runs.row.astype(float))) == [0.0, 0.5]
