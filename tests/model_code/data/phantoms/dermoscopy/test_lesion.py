"""Structures lie where a lesion has them: inside, at its rim, or around it."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.data.phantoms.dermoscopy.canvas import Canvas
from model_code.data.phantoms.dermoscopy.lesion import Lesion


@pytest.fixture
def lesion() -> Lesion:
    canvas = Canvas(np.random.default_rng(0), side=128, skin=(0.8, 0.6, 0.5))
    return Lesion(canvas, np.random.default_rng(1), radius=0.5, irregular=0.05, blur=0.1)


def test_the_body_is_the_mask_with_a_soft_border(lesion: Lesion) -> None:
    assert lesion.body[lesion.rho < 0.8].min() > 0.9
    assert lesion.body[lesion.rho > 1.2].max() < 0.1
    assert lesion.mask.mean() == pytest.approx(np.pi * (0.5 * lesion.canvas.zoom) ** 2 / 4, rel=0.15)


def test_a_ring_leaves_the_middle_out(lesion: Lesion) -> None:
    ring = lesion.ring(0.5, 1.0)
    assert ring[lesion.rho < 0.3].max() < 0.1 and ring[np.abs(lesion.rho - 0.75) < 0.1].min() > 0.8


def test_dots_and_patches_stay_within(lesion: Lesion) -> None:
    dots = lesion.dots(20, (0.02, 0.03), reach=0.8)
    assert dots.max() == 1 and dots[lesion.rho > 1.1].max() == 0
    assert lesion.patch(0.15)[lesion.rho > 1.4].max() < 0.05


def test_points_lie_between_their_shares(lesion: Lesion) -> None:
    for _ in range(50):
        u, v = lesion.somewhere(reach=0.9, beyond=0.6)
        distance = np.hypot(u / lesion.long, v * lesion.long)
        assert 0.3 < distance / lesion.radius < 1.2


@pytest.mark.parametrize("atypical", [0.0, 0.7])
def test_a_network_is_lines_with_holes(lesion: Lesion, atypical: float) -> None:
    network = lesion.network(pitch=0.1, atypical=atypical)
    assert (network > 0.7).mean() > 0.05 and (network < 0.2).mean() > 0.1


def test_vessels_branch_and_streaks_cross_the_border(lesion: Lesion) -> None:
    vessels = lesion.branching_vessels(4)
    assert 0.005 < (vessels > 0.3).mean() < 0.3
    streaks = lesion.short_lines(30, at=0.92, length=0.12, width=0.03)
    assert streaks[lesion.rho > 1.02].max() > 0.5 and streaks[lesion.rho < 0.5].max() < 0.1
    assert lesion.short_lines(20, at=0.7, length=0.14, width=0.02, looped=True).max() > 0.5
