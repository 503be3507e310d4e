"""Distances and margins of signatures."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.film_gate.skin import Skin, described


@pytest.fixture
def skin() -> Skin:
    """Known signatures lie around (1, 2), twice as wide along the second axis; what is far from there is something else."""
    mean, directions = np.array([1, 2], np.float32), np.array([[1, 0], [0, 0.5]], np.float32)
    return Skin(mean, directions, np.array([0, 0, -1, -1], np.float32), np.array([1], np.float32))


def test_a_distance_is_in_spreads(skin: Skin) -> None:
    assert skin.distance(np.array([1, 2], np.float32)) == 0
    np.testing.assert_allclose(skin.distance(np.array([[2, 4], [1, 6]], np.float32)), [1, np.sqrt(2)])


def test_a_margin_falls_on_every_side(skin: Skin) -> None:
    assert skin.margin(np.array([1, 2], np.float32)) == 1
    around = skin.margin(np.array([[9, 2], [-7, 2], [1, 18], [1, -14]], np.float32))
    assert (around < -2).all() and np.ptp(around) < 1e-5


def test_one_and_many_are_measured_alike(skin: Skin) -> None:
    many = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    np.testing.assert_allclose(skin.margin(many), [skin.margin(one) for one in many], rtol=1e-5)


def test_a_strange_figure_counts_by_its_logarithm() -> None:
    np.testing.assert_allclose(described(np.array([0, -1e4], np.float32)), [0, -1e4, 0, np.log1p(1e8)], rtol=1e-6)
