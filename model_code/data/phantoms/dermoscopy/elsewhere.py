"""Colour pictures that show no skin: scenes for the gate of the skin tasks to know what dermoscopies are to be told from.

They are "dead leaves": opaque shapes of many sizes, each hiding what lies behind it. Such pictures have the edges, scales and
contrasts of photographs (Lee, Mumford & Huang, Int J Comput Vis 2001;41:35), and networks learn from them nearly what they learn
from photographs (Baradad et al., NeurIPS 2021). No photograph went into them, so none that is refused was known before.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model_code.data.phantoms.dermoscopy.canvas import Colour

Array = NDArray[np.float32]

SIDE: Final = 128
"""Pixels along a scene's longer side."""
SMALLEST, LARGEST = 0.03, 0.5
"""Radii of the shapes, as shares of the side; their number falls with the third power, as in photographs."""
WARM: Final = (-0.04, 0.14)
"""Hues, from magenta-red to yellow, of wood, fur, bricks, faces and rust: these must be told from skin by more than by colour."""
BRUSH: Final = 2
"""Scenes are drawn this much larger, for smooth edges."""


def draw_elsewhere(rng: np.random.Generator) -> Array:
    """One scene, (rows, columns, 3) in [0, 1]: shapes all over, or a thing in front of a plain ground."""
    rows, columns = (round(SIDE * BRUSH * share) for share in (rng.uniform(0.62, 1), 1))
    if rng.random() < 0.3:
        rows, columns = columns, rows
    colours = _palette(rng)
    page = Image.new("RGB", (columns, rows), _bytes(colours[0]))
    if rng.random() < 0.65:
        _leaves(page, rng, colours, count=int(np.exp(rng.uniform(np.log(40), np.log(400)))), spread=1.0)
    else:
        _leaves(page, rng, colours, count=int(rng.integers(3, 60)), spread=rng.uniform(0.3, 0.7))
    small = page.resize((columns // BRUSH, rows // BRUSH), Image.Resampling.BOX)
    return _photographed(np.asarray(small, np.float32) / np.float32(255), rng)


def _palette(rng: np.random.Generator) -> list[Colour]:
    """A few colours: of any hue, of warm ones, or of shades around one."""
    kind, around = rng.random(), rng.random()
    hue: Callable[[], float] = (
        rng.random if kind < 0.4 else (lambda: rng.uniform(*WARM)) if kind < 0.75 else (lambda: rng.normal(around, 0.03))
    )
    vivid = rng.uniform(0.15, 1)
    return [colorsys.hsv_to_rgb(hue() % 1, rng.uniform(0, vivid), rng.uniform(0.05, 1)) for _ in range(int(rng.integers(2, 10)))]


def _leaves(page: Image.Image, rng: np.random.Generator, colours: list[Colour], *, count: int, spread: float) -> None:
    """Lays shapes over a page, those behind first; ``spread`` 1 covers it, less keeps to the middle."""
    pen, side = ImageDraw.Draw(page), max(page.size)
    radii = (SMALLEST**-2 - rng.random(count) * (SMALLEST**-2 - LARGEST**-2)) ** -0.5 * side  # density ~ radius ** -3
    middle = np.asarray(page.size) / 2
    for radius in radii if spread == 1 else np.sort(radii)[::-1]:
        x, y = middle + middle * rng.uniform(-1, 1, 2) * spread
        shade = rng.normal(1, 0.08)
        red, green, blue = (part * shade for part in colours[rng.integers(len(colours))])
        corners = int(rng.choice([3, 4, 4, 6, 24]))
        at = np.sort(rng.uniform(0, 2 * np.pi, corners)) if corners < 5 else np.arange(corners) / corners * 2 * np.pi
        turn, long = rng.uniform(0, 2 * np.pi), rng.uniform(1, 2.5)
        across, along = radius * np.cos(at) * long, radius * np.sin(at) / long
        xs, ys = x + across * np.cos(turn) - along * np.sin(turn), y + across * np.sin(turn) + along * np.cos(turn)
        pen.polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=_bytes((red, green, blue)))


def _photographed(scene: Array, rng: np.random.Generator) -> Array:
    """Gives a scene texture and uneven light."""
    shape = scene.shape[:2]
    light = 1 + rng.uniform(0, 0.25) * clouds(shape, rng, slope=2.0)
    texture = rng.uniform(0, 0.2) * clouds(shape, rng, slope=rng.uniform(0.5, 1.5))
    return sensed(scene * light[..., None] + texture[..., None] * scene.mean(), rng)


def sensed(picture: Array, rng: np.random.Generator) -> Array:
    """What a camera makes of a picture (rows, columns, 3): sharp or not, with a sensor's noise, in [0, 1]."""
    size = picture.shape[1], picture.shape[0]
    if rng.random() < 0.5:
        share = rng.uniform(0.3, 0.9)
        coarse = (max(16, int(size[0] * share)), max(16, int(size[1] * share)))
        planes = [
            Image.fromarray(np.asarray(plane, np.float32)).resize(coarse).resize(size) for plane in np.moveaxis(picture, 2, 0)
        ]
        picture = np.stack([np.asarray(plane, np.float32) for plane in planes], axis=2)
    noisy = picture + rng.normal(0, rng.uniform(0, 0.02), picture.shape)
    return np.asarray(np.clip(noisy, 0, 1) ** rng.uniform(0.7, 1.4), np.float32)


def clouds(shape: tuple[int, int], rng: np.random.Generator, *, slope: float) -> Array:
    """Noise (rows, columns) of mean 0 and variance 1 whose amplitude falls with the frequency to the power ``slope``."""
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    frequency[0, 0] = np.inf
    noise = np.fft.irfft2(np.fft.rfft2(rng.normal(size=shape)) / frequency**slope, shape)
    return np.asarray((noise - noise.mean()) / max(float(noise.std()), 1e-6), np.float32)


def _bytes(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (int(np.clip(part, 0, 1) * 255) for part in colour)
    return red, green, blue
