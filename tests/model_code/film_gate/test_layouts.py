"""Layouts say where it is light and dark, whatever the exposure, and agree over small shifts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from model_code.film_gate.layouts import LAYOUT_SIDE, SHIFT, agreements, layout_of, vector_of


def cells(seed: int) -> np.ndarray:
    rough = np.random.default_rng(seed).normal(size=(LAYOUT_SIDE, LAYOUT_SIDE))
    smooth = gaussian_filter(rough, 2)
    return np.asarray((smooth - smooth.min()) / np.ptp(smooth), np.float32)


def test_a_layout_agrees_with_itself_and_not_with_its_negative() -> None:
    layout, negative = layout_of(cells(0)), layout_of(1 - cells(0))
    same, opposite = agreements(layout, np.stack([layout, negative]))
    assert same == pytest.approx(1, abs=1e-4)
    assert opposite < 0.5


@pytest.mark.parametrize("shift", range(SHIFT + 1))
def test_small_shifts_cost_little(shift: int) -> None:
    moved = np.roll(cells(0), shift, axis=(0, 1))
    (agreement,) = agreements(layout_of(moved), layout_of(cells(0))[None])
    assert agreement > 0.9


def test_a_flat_picture_agrees_with_nothing() -> None:
    flat = layout_of(np.zeros((LAYOUT_SIDE, LAYOUT_SIDE), np.float32))
    assert agreements(flat, layout_of(cells(0))[None]) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(vector_of(flat)).all()


def test_a_vector_does_not_depend_on_scale_and_offset_of_each_half() -> None:
    layout = layout_of(cells(1))
    assert vector_of(layout * 3 + 2) == pytest.approx(vector_of(layout), abs=1e-4)
    assert vector_of(layout).shape == (2 * (LAYOUT_SIDE // 2) ** 2,)


def test_shading_changes_the_second_half_less_than_the_first() -> None:
    shading = np.linspace(0, 1, LAYOUT_SIDE, dtype=np.float32)[:, None]
    plain, shaded = layout_of(cells(2)), layout_of(cells(2) + shading)
    grey, local = (np.corrcoef(plain[half].ravel(), shaded[half].ravel())[0, 1] for half in (0, 1))
    assert grey < 0.8 < local
