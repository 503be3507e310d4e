"""Everything on a dermoscopy that is not the lesion: skin, hairs, gel bubbles, light, the dermoscope's round field, its ruler.

None of it depends on the diagnosis, so that none of it can be learned as a sign.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from model_code.data.phantoms.dermoscopy.canvas import Canvas, Colour, Field, smooth_noise

TONES: Final[tuple[Colour, ...]] = (
    (0.93, 0.78, 0.71), (0.90, 0.73, 0.63), (0.83, 0.65, 0.53), (0.72, 0.54, 0.42), (0.56, 0.40, 0.30), (0.42, 0.29, 0.22),
)  # fmt: skip
"""Skin by Fitzpatrick's types I to VI, as a polarised dermoscope shows it."""

HAIRY, BUBBLES, ROUND_FIELD, RULER = 0.45, 0.2, 0.3, 0.12
"""Shares of the pictures that show each."""


def draw_skin(canvas: Canvas, rng: np.random.Generator) -> None:
    """Mottles the skin, and draws its fine furrows."""
    mottle = smooth_noise(rng, 0.6, 2.0)(canvas.x, canvas.y)
    canvas.rgb *= 1 + 0.02 * mottle[..., None]
    canvas.rgb[..., 0] += 0.012 * smooth_noise(rng, 1, 3)(canvas.x, canvas.y)
    furrows = np.minimum(*(np.abs(smooth_noise(rng, 5, 8)(canvas.x, canvas.y)) for _ in range(2)))
    canvas.rgb *= 1 - 0.05 * np.exp(-((furrows / 0.12) ** 2))[..., None]


def lay_over(canvas: Canvas, rng: np.random.Generator) -> None:
    """Hairs and bubbles between skin and glass."""
    if rng.random() < HAIRY:
        colour = (0.12, 0.08, 0.06) if rng.random() < 0.7 else (0.55, 0.40, 0.25)
        canvas.paint(colour, 0.85 * _hairs(canvas, rng, int(rng.integers(3, 14))))
    if rng.random() < BUBBLES:
        for _ in range(int(rng.integers(2, 9))):
            x, y, radius = rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.9), rng.uniform(0.02, 0.08)
            distance = np.hypot(canvas.x - x, canvas.y - y) / radius
            canvas.rgb *= 1 - 0.25 * np.exp(-(((distance - 1) / 0.15) ** 2))[..., None]
            glint = np.exp(-(((canvas.x - x + radius / 3) ** 2 + (canvas.y - y + radius / 3) ** 2) / (0.25 * radius) ** 2))
            canvas.paint((1.0, 1.0, 1.0), 0.7 * np.asarray(glint, np.float32))


def _hairs(canvas: Canvas, rng: np.random.Generator, count: int) -> Field:
    paths = []
    growth = rng.uniform(0, 2 * np.pi)
    for _ in range(count):
        u, v = rng.uniform(-1.2, 1.2, 2)
        angle, bend = growth + rng.normal(0, 0.4), rng.normal(0, 0.12)
        points = [(float(u), float(v))]
        for _ in range(8):
            angle += bend
            u, v = u + 0.13 * np.cos(angle), v + 0.13 * np.sin(angle)
            points.append((float(u), float(v)))
        paths.append((points, rng.uniform(0.008, 0.014)))
    return canvas.lines(paths)


def expose(canvas: Canvas, rng: np.random.Generator) -> None:
    """Light, colour cast and noise; then the dermoscope's field and ruler."""
    falloff = 1 - rng.uniform(0.05, 0.3) * (canvas.x**2 + canvas.y**2) / 2
    tilt = 1 + rng.normal(0, 0.04) * canvas.x + rng.normal(0, 0.04) * canvas.y
    cast = 1 + rng.normal(0, 0.025, 3)
    canvas.rgb *= (falloff * tilt * rng.uniform(0.88, 1.08))[..., None] * cast
    canvas.rgb += rng.normal(0, rng.uniform(0.006, 0.018), canvas.rgb.shape)
    if rng.random() < RULER:
        at, high = rng.uniform(0.82, 0.92), rng.uniform(0.03, 0.06)
        ticks = (np.abs((canvas.x * 8) % 1 - 0.5) < 0.05) & (np.abs(canvas.y - at) < high)
        canvas.paint((0.08, 0.08, 0.08), 0.8 * ticks)
    if rng.random() < ROUND_FIELD:
        distance = np.hypot(canvas.x, canvas.y) - rng.uniform(0.95, 1.15)
        canvas.paint((0.02, 0.02, 0.02), np.asarray(1 / (1 + np.exp(np.clip(-distance * 60, -30, 30))), np.float32))
    np.clip(canvas.rgb, 0, 1, out=canvas.rgb)
