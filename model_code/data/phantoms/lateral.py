"""A chest from the side, drawn: what ``calibrate`` shows the film gate as a lateral view, since no frontal film turns into one.

Coarse on purpose: the gate compares where it is light and dark at a few dozen cells a side. Lengths are fractions of the film's
side, y points down; the patient looks to the left of the film or, mirrored, to the right.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

SIDE: Final = 128


def draw_lateral(rng: np.random.Generator) -> NDArray[np.float32]:
    """One lateral film, (SIDE, SIDE) float32 in [0, 1], white where the beam was absorbed; the patient looks to the left."""
    axis = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE - 0.5
    zoom, right, down = rng.uniform(0.95, 1.2), rng.normal(0.5, 0.03), rng.normal(0.48, 0.03)
    x, y = np.meshgrid(axis / zoom + right, axis / zoom + down)
    depth, apex, base = rng.uniform(0.9, 1.1), rng.uniform(0.08, 0.15), rng.uniform(0.68, 0.76)
    barrel = np.sqrt(np.clip(1 - (1 - np.clip((y - apex) / (0.6 * (base - apex)), 0, 1)) ** 2, 0, 1))
    front, back = 0.5 - depth * (0.05 + 0.25 * barrel), 0.5 + depth * (0.06 + 0.24 * barrel)
    wall = rng.uniform(0.04, 0.09)
    arms = (np.abs(x - 0.5) < rng.uniform(0.14, 0.5)) & (y < apex + rng.uniform(0.02, 0.10))  # raised, or out of the film
    trunk = (x > front - wall) & (x < back + wall) & (y > apex - 0.1)
    diaphragm = base + 0.12 * np.clip((x - 0.4) / 0.4, -0.3, 1) ** 2
    lung = (x > front) & (x < back) & (y > apex) & (y < diaphragm)
    heart = _ellipse(x, y, 0.36, base - 0.13, 0.15 * rng.uniform(0.85, 1.15), 0.15) & lung
    spine = (np.abs(x - back + 0.03) < 0.045) & trunk
    density = 0.5 * (trunk | arms) + rng.uniform(0.15, 0.35) * (trunk & (y >= diaphragm))  # the abdomen lets least through
    density = density - rng.uniform(0.25, 0.35) * lung + rng.uniform(0.15, 0.25) * heart + 0.10 * spine
    density = density + 0.12 * lung * np.exp(
        -(((x - 0.5) / 0.07) ** 2) - ((y - 0.42) / 0.09) ** 2
    )  # both hila, one over the other
    density = density + 0.25 * lung * np.clip(1 - (y - apex) / 0.2, 0, 1)  # the shoulders likewise
    soft = gaussian_filter(density, 1.5) + rng.normal(0, 0.01, density.shape)
    return np.asarray(np.clip(soft, 0, 1) ** rng.uniform(0.75, 1.3), np.float32)


def _ellipse(x: NDArray[np.floating], y: NDArray[np.floating], x0: float, y0: float, rx: float, ry: float) -> NDArray[np.bool_]:
    return np.asarray(((x - x0) / rx) ** 2 + ((y - y0) / ry) ** 2 < 1, np.bool_)
