"""What dermoscopies are drawn on: a colour picture, and a lesion's own coordinates, in which its signs lie.

A lesion looks the same on each of its pictures but for the way the dermoscope is held: turned, nearer, off the centre. So a sign
is drawn in coordinates (u, v) that turn with the lesion, and its randomness comes from the lesion's generator, never from the
picture's. Lengths are fractions of half the picture's side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]
Colour = tuple[float, float, float]
Noise = Callable[[Field, Field], Field]

WAVES: Final = 12


def smooth_noise(rng: np.random.Generator, low: float, high: float) -> Noise:
    """A random function of the place with mean 0 and variance 1: a sum of waves of ``low`` to ``high`` periods a unit."""
    frequency, angle, phase = rng.uniform(low, high, WAVES), rng.uniform(0, 2 * np.pi, WAVES), rng.uniform(0, 2 * np.pi, WAVES)
    kx, ky = 2 * np.pi * frequency * np.cos(angle), 2 * np.pi * frequency * np.sin(angle)

    def noise(u: Field, v: Field) -> Field:
        total = np.zeros_like(u)
        for x, y, at in zip(kx.tolist(), ky.tolist(), phase.tolist(), strict=True):
            total += np.cos(x * u + y * v + at)
        return np.asarray(total * float(np.sqrt(2 / WAVES)), np.float32)

    return noise


class Canvas:
    """A square picture in the making: ``rgb`` (side, side, 3) in [0, 1], and where each pixel is on the lesion (``u``, ``v``)."""

    def __init__(self, rng: np.random.Generator, *, side: int, skin: Colour) -> None:
        self.side = side
        self.zoom = rng.uniform(0.85, 1.2)
        self.turn = rng.uniform(0, 2 * np.pi)
        self.centre = rng.normal(0, 0.07, 2)
        axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
        self.x, self.y = (np.asarray(plane, np.float32) for plane in np.meshgrid(axis, axis))
        dx, dy = (self.x - self.centre[0]) / self.zoom, (self.y - self.centre[1]) / self.zoom
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        self.u, self.v = np.asarray(dx * cos + dy * sin, np.float32), np.asarray(dy * cos - dx * sin, np.float32)
        self.rgb: Field = np.empty((side, side, 3), np.float32)
        self.rgb[:] = skin

    def paint(self, colour: Colour, amount: Field | Mask) -> None:
        """Lays a colour over the picture: ``amount`` (side, side) 0 leaves what is there, 1 hides it."""
        cover = np.clip(np.asarray(amount, np.float32), 0, 1)[..., None]
        self.rgb += cover * (np.asarray(colour, np.float32) - self.rgb)

    def disc(self, u: float, v: float, radius: float) -> Field:
        """1 inside a disc of the lesion, 0 outside, about half a radius between."""
        distance = np.hypot(self.u - u, self.v - v)
        return np.asarray(np.clip(2.5 - 2 / radius * distance, 0, 1), np.float32)

    def lines(self, paths: Sequence[tuple[Sequence[tuple[float, float]], float]]) -> Field:
        """Curves through points of the lesion, each with its width, as amounts."""
        large = Image.new("L", (2 * self.side, 2 * self.side))
        pen = ImageDraw.Draw(large)
        for points, width in paths:
            pixels = max(1, round(width * self.zoom * self.side))
            pen.line([self._pixel(*point) for point in points], fill=255, width=pixels, joint="curve")
        drawn = np.asarray(large.resize((self.side, self.side), Image.Resampling.BOX), np.float32) / 255
        return np.asarray(gaussian_filter(drawn, 0.5), np.float32)

    def _pixel(self, u: float, v: float) -> tuple[float, float]:
        """On a drawing of twice the size."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        x, y = (u * cos - v * sin) * self.zoom + self.centre[0], (u * sin + v * cos) * self.zoom + self.centre[1]
        return float((x + 1) * self.side), float((y + 1) * self.side)
