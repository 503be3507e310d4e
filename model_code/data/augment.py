"""Changes that leave a film's findings what they are: small turns, shifts, zooms and exposures. No flips: they move the heart."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

TURN: Final = 0.075
"""Largest turn in radians, about 4 degrees."""
ZOOM: Final = 0.08
SHIFT: Final = 0.06
"""Largest shift as a share of half the film's side."""
EXPOSURE: Final = 0.1


def augment(films: Tensor, generator: torch.Generator) -> Tensor:
    """A changed copy of a batch (N, 1, side, side) in [0, 1]; the generator alone decides how."""
    count = len(films)

    def draw(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator) * 2 - 1

    turn, zoom = draw() * TURN, 1 + draw() * ZOOM
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom * turn.cos()
    theta[:, 0, 1], theta[:, 1, 0] = -turn.sin(), turn.sin()
    theta[:, :, 2] = draw(2) * SHIFT
    grid = functional.affine_grid(theta, list(films.shape), align_corners=False)
    moved = functional.grid_sample(films, grid, padding_mode="border", align_corners=False)
    return (moved * (1 + draw(1, 1, 1) * EXPOSURE) + draw(1, 1, 1) * EXPOSURE).clamp(0, 1)
