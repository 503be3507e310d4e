"""Colour pictures of medicine that show no skin, as drawings: the back of an eye, stained tissue, the inside of a gut.

A hospital has these beside dermoscopies, in the same reds and browns; the gate of the skin tasks must know them. They are rough:
what counts is where which colours lie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model_code.data.phantoms.dermoscopy.elsewhere import clouds, sensed

Array = NDArray[np.float32]

SIDE: Final = 128


def draw_other_organ(rng: np.random.Generator) -> Array:
    """One picture, (rows, columns, 3) in [0, 1]."""
    return _DRAWN[rng.integers(len(_DRAWN))](rng)


def eye(rng: np.random.Generator) -> Array:
    """A fundus: an even orange disc on black, a pale optic disc to one side, vessels that branch from it, a dark macula."""
    x, y = _plane(SIDE, SIDE)
    colour = np.array((rng.uniform(0.5, 0.95), rng.uniform(0.2, 0.5), rng.uniform(0.05, 0.3)), np.float32)
    picture = colour * (1 + 0.08 * clouds((SIDE, SIDE), rng, slope=1.5))[..., None]
    side, high = rng.choice([-1, 1]) * rng.uniform(0.3, 0.6), rng.uniform(-0.15, 0.15)
    page = Image.new("L", (2 * SIDE, 2 * SIDE))
    pen = ImageDraw.Draw(page)
    for _ in range(int(rng.integers(8, 16))):
        _vessel(pen, rng, (side, high), rng.uniform(0, 2 * np.pi), width=float(rng.uniform(2, 5)))
    vessels = np.asarray(page.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)[..., None] / 255
    picture *= 1 - rng.uniform(0.3, 0.6) * vessels * np.array((0.6, 1, 1), np.float32)
    _blend(picture, colour * 0.55, 0.6 * np.exp(-(((x + side * 0.4) ** 2 + (y - high) ** 2) / 0.03)))
    pale = np.array((1.0, rng.uniform(0.7, 0.95), rng.uniform(0.3, 0.7)), np.float32)
    _blend(picture, pale, 0.9 * np.exp(-((np.hypot(x - side, y - high) / rng.uniform(0.1, 0.18)) ** 4)))
    radius = rng.uniform(0.85, 1.3)
    picture *= (np.clip((radius - np.hypot(x, y)) * 40, 0, 1) * (1 - rng.uniform(0, 0.4) * (x**2 + y**2)))[..., None]
    return sensed(picture, rng)


def tissue(rng: np.random.Generator) -> Array:
    """A stained section: cells with dark nuclei everywhere, in purple and pink, or blue and brown, with white gaps."""
    ground, cell = ((0.9, 0.7, 0.8), (0.4, 0.2, 0.5)) if rng.random() < 0.5 else ((0.85, 0.82, 0.82), (0.5, 0.35, 0.25))
    shape = (round(SIDE * rng.uniform(0.7, 1)), SIDE)
    picture = np.full((*shape, 3), np.asarray(ground) + rng.normal(0, 0.05, 3), np.float32)
    band = 1 / (1 + np.exp(-3 * clouds(shape, rng, slope=rng.uniform(1.5, 2.5))))
    _blend(picture, np.asarray(ground) * 0.5 + np.asarray(cell) * 0.5 + rng.normal(0, 0.05, 3), rng.uniform(0.4, 0.9) * band)
    page = Image.new("L", (2 * shape[1], 2 * shape[0]))
    pen = ImageDraw.Draw(page)
    for _ in range(int(rng.integers(60, 400))):
        size, x, y = rng.uniform(2, 6), rng.uniform(0, page.width), rng.uniform(0, page.height)
        pen.ellipse((x - size, y - size * rng.uniform(0.5, 1), x + size, y + size), fill=int(rng.integers(120, 255)))
    nuclei = np.asarray(page.resize((shape[1], shape[0]), Image.Resampling.BOX), np.float32) / 255
    _blend(picture, np.asarray(cell) + rng.normal(0, 0.06, 3), nuclei * (0.4 + 0.6 * band))
    _blend(picture, (0.95, 0.93, 0.95), 1 / (1 + np.exp(-12 * (clouds(shape, rng, slope=2.0) - rng.uniform(1, 2.5)))))
    return sensed(picture, rng)


def gut(rng: np.random.Generator) -> Array:
    """An endoscopy: pink walls with folds around a dark lumen, wet highlights, a black frame with cut corners."""
    x, y = _plane(SIDE, SIDE)
    centre = rng.uniform(-0.4, 0.4, 2)
    away = np.hypot(x - centre[0], y - centre[1]) + 0.06 * clouds((SIDE, SIDE), rng, slope=2.0)
    folds = 1 + rng.uniform(0.1, 0.3) * np.sin(away * rng.uniform(8, 25) + rng.uniform(0, 6))
    colour = np.array((rng.uniform(0.65, 0.95), rng.uniform(0.3, 0.55), rng.uniform(0.2, 0.45)), np.float32)
    picture = np.asarray(colour * (folds * np.clip(away / rng.uniform(0.4, 1), 0, 1.2))[..., None], np.float32)
    _blend(picture, (1, 1, 1), np.clip(3 * (clouds((SIDE, SIDE), rng, slope=1.2) - rng.uniform(1.8, 2.6)), 0, 1))
    picture *= ((np.abs(x) + np.abs(y)) < rng.uniform(1.4, 2))[..., None]
    return sensed(picture, rng)


_DRAWN: Final[tuple[Callable[[np.random.Generator], Array], ...]] = (eye, tissue, gut)


def _vessel(pen: ImageDraw.ImageDraw, rng: np.random.Generator, at: tuple[float, float], angle: float, *, width: float) -> None:
    """A line that bends, thins and forks, on a page of twice the side."""
    while width > 1:
        angle += rng.normal(0, 0.25)
        there = (at[0] + 0.12 * np.cos(angle), at[1] + 0.12 * np.sin(angle))
        pen.line([((u + 1) * SIDE, (v + 1) * SIDE) for u, v in (at, there)], fill=255, width=round(width))
        at, width = there, width * 0.9
        if width > 1.5 and rng.random() < 0.2:
            _vessel(pen, rng, at, angle + rng.choice([-1, 1]) * 0.6, width=width * 0.7)


def _plane(rows: int, columns: int) -> tuple[Array, Array]:
    """Places across and down, each -1 to 1."""
    high, wide = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1 for size in (rows, columns))
    y, x = np.meshgrid(high, wide, indexing="ij")
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _blend(picture: Array, colour: object, amount: NDArray[np.floating]) -> None:
    """Lays a colour over a picture: an amount (rows, columns) of 0 leaves what is there, 1 hides it."""
    picture += np.asarray(np.clip(amount, 0, 1), np.float32)[..., None] * (np.asarray(colour, np.float32) - picture)
