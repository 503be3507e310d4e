"""Changes that leave what a picture shows as it is, drawn anew for every picture and computed on many at once.

After RandAugment (Cubuk et al., 2020), with the changes that the pictures themselves vary in. Chest films are never mirrored,
which moves the heart to the other side, nor turned by more than some degrees; a lesion on the skin has no up and no left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
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

PIECE: Final = 8
"""Pictures that a processor changes at a time."""

Augment = Callable[[Tensor, int, torch.Generator], Tensor]
"""From films (N, C, side, side) uint8 to pictures of the wanted side, float32 in [0, 1]; the generator alone decides how."""

TO_YIQ: Final = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
"""From red, green, blue to luma and two axes of colour (FCC NTSC)."""


def _in_pieces(augment: Augment) -> Augment:
    """A few pictures at a time on a processor: its cache holds them, and memory is used again instead of being asked for anew."""

    @wraps(augment)
    def pieces(films: Tensor, side: int, generator: torch.Generator) -> Tensor:
        size = PIECE if films.device.type == "cpu" else len(films)
        return torch.cat([augment(piece, side, generator) for piece in torch.split(films, size)])

    return pieces


@_in_pieces
def films(films: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Small turns, shifts, zooms, exposures; for some pictures gamma, noise, or a black border."""
    draw = _Draw(films, generator)
    exposed = as_input(films).mul_(1 + draw(1, 1, 1) * EXPOSURE).add_(draw(1, 1, 1) * EXPOSURE).clamp_(0, 1)
    moved = _move(exposed, side, turn=draw() * TURN, zoom=1 + draw() * ZOOM, shift=draw(2) * SHIFT)
    for change in (_bend, _add_noise, _collimate):
        _change_some(moved, change, draw)
    return moved


@_in_pieces
def dermoscopy(films: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """All mirrorings and quarter turns, small turns, shifts and zooms; brightness, contrast, saturation, hue; some noise."""
    draw = _Draw(films, generator)
    quarter = torch.floor(draw.share() * 4) * (math.pi / 2)
    mirror = torch.where(draw.share() < 0.5, -1.0, 1.0)
    turn, zoom, shift = quarter + draw() * TURN, 1 + draw() * ZOOM, draw(2) * SHIFT
    moved = _move(as_input(films), side, turn=turn, zoom=zoom, shift=shift, mirror=mirror)
    middle = moved.mean(dim=(1, 2, 3), keepdim=True)
    exposed = (moved - middle) * (1 + draw(1, 1, 1) * COLOUR) + middle * (1 + draw(1, 1, 1) * COLOUR)
    tinted = _tint(exposed, saturation=1 + draw() * COLOUR, hue=draw() * HUE).clamp_(0, 1)
    _change_some(tinted, _add_noise, draw)
    return tinted


def unchanged(films: Tensor, side: int, generator: torch.Generator | None = None) -> Tensor:  # noqa: ARG001 (an Augment)
    """Only brought to the wanted side, with an anti-aliasing filter; what validation sees."""
    if films.shape[-1] == side:
        return as_input(films)
    return functional.interpolate(as_input(films), (side, side), mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)


def make_augment(name: str, channels: int) -> Augment:
    """The augmentation of that name (``CHOICES["augmentation"]``); ``task`` is what fits the number of channels."""
    if name == "task":
        name = "films" if channels == 1 else "dermoscopy"
    return {"films": films, "dermoscopy": dermoscopy, "none": unchanged}[name]


def as_input(films: Tensor) -> Tensor:
    """Bytes to the model's range."""
    return films.float().div_(255)


class _Draw:
    """Random numbers for each of some pictures, on their device."""

    def __init__(self, batch: Tensor, generator: torch.Generator) -> None:
        self.count, self.device, self.generator = len(batch), batch.device, generator

    def share(self, *shape: int) -> Tensor:
        """Between 0 and 1."""
        return torch.rand(self.count, *shape, generator=self.generator, device=self.device)

    def __call__(self, *shape: int) -> Tensor:
        """Between -1 and 1."""
        return torch.empty(self.count, *shape, device=self.device).uniform_(-1, 1, generator=self.generator)

    def normal(self, shape: torch.Size) -> Tensor:
        return torch.randn(shape, generator=self.generator, device=self.device)


def _move(batch: Tensor, side: int, *, turn: Tensor, zoom: Tensor, shift: Tensor, mirror: Tensor | None = None) -> Tensor:
    """One resampling for turn, zoom, shift and mirroring (each of N); what lies outside is as the border is."""
    along, aside = zoom * turn.cos(), zoom * turn.sin()
    middles = (torch.arange(side, device=batch.device) * 2 + 1) / side - 1  # of pixels, from -1 to 1
    of_column = torch.stack([along, aside], dim=1)
    if mirror is not None:
        of_column = of_column * mirror[:, None]
    of_row = torch.stack([-aside, along], dim=1)
    # what functional.affine_grid gives, in a fortieth of its time: (N, 2, side, side), from which sampling reads fastest
    grid = (of_column[..., None] * middles)[:, :, None, :] + (of_row[..., None] * middles + shift[..., None])[..., None]
    return functional.grid_sample(batch, grid.permute(0, 2, 3, 1), padding_mode="border", align_corners=False)


def _change_some(batch: Tensor, change: Callable[[Tensor, _Draw], Tensor], draw: _Draw) -> None:
    """Changes as many pictures of a batch as ``OFTEN`` says, in place; their number is fixed, so that a GPU need not be asked."""
    chosen = draw.share().argsort()[: math.ceil(len(batch) * OFTEN)]
    some = batch[chosen]
    batch[chosen] = change(some, _Draw(some, draw.generator))


def _bend(batch: Tensor, draw: _Draw) -> Tensor:
    return batch.clamp_(min=1e-6).pow_((draw(1, 1, 1) * GAMMA).exp())


def _add_noise(batch: Tensor, draw: _Draw) -> Tensor:
    return batch.addcmul_(draw.normal(batch.shape), draw.share(1, 1, 1) * NOISE).clamp_(0, 1)


def _collimate(batch: Tensor, draw: _Draw) -> Tensor:
    """A black strip along one border."""
    side = batch.shape[-1]
    width, border = draw.share(1) * BORDER * side, torch.floor(draw.share(1) * 4)
    where = torch.arange(side, device=batch.device)
    kept = torch.where(border % 2 == 0, where, side - 1 - where) >= width  # (N, side)
    of_rows = border < 2
    return batch.mul_((kept | ~of_rows)[:, None, :, None].float()).mul_((kept | of_rows)[:, None, None, :].float())


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
