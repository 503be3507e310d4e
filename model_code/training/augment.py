"""Changes that leave what a picture shows as it is, drawn anew for every picture and computed on whole batches.

After RandAugment (Cubuk et al., 2020), with the changes that the pictures themselves vary in. Chest films are never mirrored,
which moves the heart to the other side, nor turned by more than some degrees; a lesion on the skin has no up and no left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

TURN: Final = 0.075
"""Largest turn in radians, about 4 degrees."""
ZOOM: Final = 0.08
SHIFT: Final = 0.06
"""Largest shift as a share of half the picture's side."""
EXPOSURE: Final = 0.1
GAMMA: Final = 0.25
"""Grey values are raised to a power between exp(-0.25) and exp(0.25)."""
NOISE: Final = 0.03
BORDER: Final = 0.1
"""Widest strip that is blacked out along one border, as a share of the side: collimation; findings lie further in."""
OFTEN: Final = 0.25
"""Share of the pictures that get each of gamma, noise and a black border."""
COLOUR: Final = 0.2
"""Largest change of brightness, contrast and saturation of a dermoscopy, as a share."""
HUE: Final = 0.15
"""Largest turn of the hue in radians, about 9 degrees."""

Augment = Callable[[Tensor, int, torch.Generator], Tensor]
"""From a batch (N, C, side, side) float32 in [0, 1] to a changed copy of the wanted side; the generator alone decides how."""

TO_YIQ: Final = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
"""From red, green, blue to luma and two axes of colour (FCC NTSC)."""


def films(batch: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Small turns, shifts, zooms, exposures; for some pictures gamma, noise, or a black border."""
    draw = _Draw(batch, generator)
    moved = _move(batch, side, turn=draw() * TURN, zoom=1 + draw() * ZOOM, shift=draw(2) * SHIFT)
    exposed = moved * (1 + draw(1, 1, 1) * EXPOSURE) + draw(1, 1, 1) * EXPOSURE
    bent = exposed.clamp(0, 1).clamp_min_(1e-6) ** (draw(1, 1, 1) * GAMMA * draw.some(1, 1, 1)).exp()
    noisy = bent + draw.normal(bent.shape) * (draw(1, 1, 1).abs() * NOISE * draw.some(1, 1, 1))
    return _collimate(noisy.clamp(0, 1), draw)


def dermoscopy(batch: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """All mirrorings and quarter turns, small turns, shifts and zooms; brightness, contrast, saturation, hue; some noise."""
    draw = _Draw(batch, generator)
    quarter = torch.floor(draw.share() * 4) * (math.pi / 2)
    mirror = torch.where(draw.share() < 0.5, -1.0, 1.0)
    moved = _move(batch, side, turn=quarter + draw() * TURN, zoom=1 + draw() * ZOOM, shift=draw(2) * SHIFT, mirror=mirror)
    middle = moved.mean(dim=(1, 2, 3), keepdim=True)
    exposed = (moved - middle) * (1 + draw(1, 1, 1) * COLOUR) + middle * (1 + draw(1, 1, 1) * COLOUR)
    tinted = _tint(exposed, saturation=1 + draw() * COLOUR, hue=draw() * HUE)
    noisy = tinted + draw.normal(tinted.shape) * (draw(1, 1, 1).abs() * NOISE * draw.some(1, 1, 1))
    return noisy.clamp(0, 1)


def unchanged(batch: Tensor, side: int, generator: torch.Generator | None = None) -> Tensor:  # noqa: ARG001 (an Augment)
    """Only brought to the wanted side, with an anti-aliasing filter; what validation sees."""
    if batch.shape[-1] == side:
        return batch
    return functional.interpolate(batch, (side, side), mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)


def make_augment(name: str, channels: int) -> Augment:
    """The augmentation of that name (``CHOICES["augmentation"]``); ``task`` is what fits the number of channels."""
    if name == "task":
        name = "films" if channels == 1 else "dermoscopy"
    return {"films": films, "dermoscopy": dermoscopy, "none": unchanged}[name]


class _Draw:
    """Random numbers for each picture of a batch, on its device."""

    def __init__(self, batch: Tensor, generator: torch.Generator) -> None:
        self.count, self.device, self.generator = len(batch), batch.device, generator

    def share(self, *shape: int) -> Tensor:
        """Between 0 and 1."""
        return torch.rand(self.count, *shape, generator=self.generator, device=self.device)

    def __call__(self, *shape: int) -> Tensor:
        """Between -1 and 1."""
        return self.share(*shape) * 2 - 1

    def some(self, *shape: int) -> Tensor:
        """1 for some pictures, 0 for most."""
        return (self.share(*shape) < OFTEN).float()

    def normal(self, shape: torch.Size) -> Tensor:
        return torch.randn(shape, generator=self.generator, device=self.device)


def _move(batch: Tensor, side: int, *, turn: Tensor, zoom: Tensor, shift: Tensor, mirror: Tensor | float = 1.0) -> Tensor:
    """One resampling for turn, zoom, shift and mirroring (each of N); what lies outside is as the border is."""
    theta = torch.zeros(len(batch), 2, 3, device=batch.device)
    theta[:, 0, 0], theta[:, 0, 1] = zoom * turn.cos() * mirror, -zoom * turn.sin()
    theta[:, 1, 0], theta[:, 1, 1] = zoom * turn.sin() * mirror, zoom * turn.cos()
    theta[:, :, 2] = shift
    grid = functional.affine_grid(theta, [*batch.shape[:2], side, side], align_corners=False)
    return functional.grid_sample(batch, grid, padding_mode="border", align_corners=False)


def _collimate(batch: Tensor, draw: _Draw) -> Tensor:
    """A black strip along one border of some pictures."""
    side = batch.shape[-1]
    width = draw.share(1) * BORDER * side * draw.some(1)
    where = torch.arange(side, device=batch.device)
    keep = torch.stack([where >= width, where < side - width], dim=1).float()  # (N, 2, side)
    chosen = torch.floor(draw.share() * 4).long()
    strip = keep[torch.arange(len(batch), device=batch.device), chosen % 2]
    across = (chosen < 2)[:, None, None, None]
    return batch * torch.where(across, strip[:, None, :, None], strip[:, None, None, :])


def _tint(batch: Tensor, *, saturation: Tensor, hue: Tensor) -> Tensor:
    """Turns and stretches the colours around grey, which stays as it is; grey pictures have none."""
    if batch.shape[1] != 3:
        return batch
    to_yiq = torch.tensor(TO_YIQ, device=batch.device)
    middle = torch.zeros(len(batch), 3, 3, device=batch.device)
    middle[:, 0, 0] = 1
    middle[:, 1, 1] = middle[:, 2, 2] = saturation * hue.cos()
    middle[:, 1, 2], middle[:, 2, 1] = -saturation * hue.sin(), saturation * hue.sin()
    matrices = torch.linalg.inv(to_yiq) @ middle @ to_yiq
    return torch.einsum("nij,njhw->nihw", matrices, batch)
