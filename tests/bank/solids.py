"""Radiographs of bodies made of ellipsoids: the beam's path through each is known exactly, so any view of any part can be drawn.

Coordinates: x to the right of the film, y down, z along the beam, in fractions of the film's side around its centre.
Drawn without anything of ``model_code``'s own phantoms, so that the gate meets views and parts that it was not fitted on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]


class Ellipsoid(NamedTuple):
    """Centre, half axes, and how much denser (or, negative, less dense) it is than what it lies in."""

    x: float
    y: float
    z: float
    rx: float
    ry: float
    rz: float
    density: float


Body = list[Ellipsoid]


def radiograph(body: Body, rng: np.random.Generator, side: int = 384) -> Picture:
    """(side, side) float32 in [0, 1], white where the beam was absorbed; exposure, noise and a little turn are drawn.

    Detectors show the logarithm of the exposure, so grey values follow the path."""
    axis = (np.arange(side) + 0.5) / side - 0.5
    x, y = np.meshgrid(axis, axis)
    turn = rng.normal(0, 0.03)
    x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    path = np.zeros((side, side))
    for one in body:
        inside = 1 - ((x - one.x) / one.rx) ** 2 - ((y - one.y) / one.ry) ** 2
        path += one.density * 2 * one.rz * np.sqrt(np.clip(inside, 0, None))
    film = np.clip(path / np.percentile(path, 99), 0, 1) ** rng.uniform(0.6, 1.2)
    film += rng.normal(0, rng.uniform(0.005, 0.02), film.shape)
    return np.asarray(np.clip(film, 0, 1), np.float32)


def from_the_side(body: Body) -> Body:
    """The same body with the beam coming from its left: what lay in front is on the left of the film. Arms are out of the way."""
    trunk = [one for one in body if abs(one.x) < 0.3]
    return [one._replace(x=one.z, z=-one.x, rx=one.rz, rz=one.rx) for one in trunk]


def mirrored(body: Body) -> Body:
    return [one._replace(x=-one.x) for one in body]


def _column(count: int, top: float, bottom: float, z: float, r: float, density: float) -> Body:
    return [Ellipsoid(0, y, z, r, 0.4 * (bottom - top) / count, r, density) for y in np.linspace(top, bottom, count)]


def chest(rng: np.random.Generator) -> Body:
    """Trunk, shoulders, lungs, heart, liver and spine; front is at negative z."""
    wide, deep = rng.uniform(0.36, 0.42), rng.uniform(0.28, 0.34)
    lung = {"ry": rng.uniform(0.28, 0.33), "rz": deep * 0.85, "density": -0.75}
    return [
        Ellipsoid(0, 0.10, 0, wide, 0.75, deep, 1),
        Ellipsoid(0, -0.45, 0.02, 0.10, 0.25, 0.10, 0.6),
        Ellipsoid(-0.40, -0.33, 0, 0.16, 0.15, 0.10, 0.9),
        Ellipsoid(0.40, -0.33, 0, 0.16, 0.15, 0.10, 0.9),
        Ellipsoid(-0.19, -0.06, 0.01, rx=0.15, **lung),
        Ellipsoid(0.19, -0.06, 0.01, rx=0.14, **lung),
        Ellipsoid(0.06, 0.10, -0.10, 0.14, 0.13, 0.10, 0.75),
        Ellipsoid(0, -0.10, 0, 0.05, 0.30, 0.12, 0.4),
        Ellipsoid(-0.15, 0.33, 0, 0.22, 0.13, deep * 0.7, 0.3),
        *_column(12, -0.45, 0.48, deep * 0.7, 0.035, 1.6),
    ]


def hand(rng: np.random.Generator) -> Body:
    flesh = [Ellipsoid(0.02, 0.22, 0, 0.17, 0.20, 0.05, 1)]
    for finger, x in enumerate(np.linspace(-0.14, 0.17, 4)):
        tip = -0.40 + 0.07 * abs(finger - 1.5) + rng.normal(0, 0.01)
        flesh.append(Ellipsoid(x * 1.15, (tip + 0.12) / 2, 0, 0.038, (0.12 - tip) / 2 + 0.05, 0.04, 1))
        flesh += [Ellipsoid(x * 1.1, y, 0, 0.014, 0.055, 0.014, 3) for y in np.linspace(tip + 0.08, 0.25, 4)]
    return [*flesh, Ellipsoid(-0.25, 0.10, 0, 0.05, 0.16, 0.05, 1), Ellipsoid(-0.25, 0.10, 0, 0.016, 0.12, 0.016, 3)]


def skull(rng: np.random.Generator) -> Body:
    r = rng.uniform(0.30, 0.36)
    return [
        Ellipsoid(0, -0.08, 0, r, 0.36, 0.36, 2.2),
        Ellipsoid(0, -0.08, 0, r - 0.03, 0.33, 0.33, -1.6),
        Ellipsoid(-0.12, 0.05, -0.25, 0.08, 0.06, 0.06, -0.9),
        Ellipsoid(0.12, 0.05, -0.25, 0.08, 0.06, 0.06, -0.9),
        Ellipsoid(0, 0.18, -0.25, 0.05, 0.08, 0.06, -0.8),
        Ellipsoid(0, 0.30, -0.1, 0.18, 0.14, 0.16, 1.2),
        *_column(4, 0.36, 0.5, 0.1, 0.06, 1.5),
    ]


def knee(rng: np.random.Generator) -> Body:
    gap = rng.uniform(0.01, 0.03)
    return [
        Ellipsoid(0, 0, 0, 0.20, 0.9, 0.20, 1),
        Ellipsoid(0, -0.40, 0, 0.07, 0.42, 0.07, 1.6),
        Ellipsoid(-0.07, -0.08 - gap, 0, 0.09, 0.09, 0.10, 1.4),
        Ellipsoid(0.07, -0.08 - gap, 0, 0.09, 0.09, 0.10, 1.4),
        Ellipsoid(0, 0.08 + gap, 0, 0.16, 0.08, 0.10, 1.4),
        Ellipsoid(-0.02, 0.42, 0, 0.06, 0.40, 0.06, 1.6),
        Ellipsoid(0.12, 0.45, 0, 0.025, 0.33, 0.025, 1.6),
    ]


def abdomen(rng: np.random.Generator) -> Body:
    gas = [
        Ellipsoid(
            rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.35), -0.05, rng.uniform(0.03, 0.08), rng.uniform(0.03, 0.08), 0.08, -0.8
        )
        for _ in range(9)
    ]
    return [Ellipsoid(0, 0, 0, 0.44, 0.9, 0.26, 1), *gas, *_pelvic_bones(), *_column(8, -0.5, 0.2, 0.1, 0.05, 1.5)]


def pelvis(rng: np.random.Generator) -> Body:
    lift = rng.normal(-0.15, 0.02)
    bones = [one._replace(y=one.y + lift) for one in _pelvic_bones()]
    thighs = [Ellipsoid(side * 0.24, 0.42, 0, 0.17, 0.3, 0.17, 0.8) for side in (-1, 1)]
    return [Ellipsoid(0, -0.1, 0, 0.46, 0.5, 0.24, 1), *thighs, *bones, *_column(5, -0.5, -0.12, 0.1, 0.05, 1.5)]


def foot(rng: np.random.Generator) -> Body:
    toes = [Ellipsoid(-0.30 + 0.02 * n, 0.22 + 0.012 * n, 0, 0.12, 0.02, 0.02, 2) for n in range(5)]
    heel = rng.uniform(0.24, 0.30)
    return [
        Ellipsoid(-0.05, 0.22, 0, 0.38, 0.10, 0.09, 1),
        Ellipsoid(0.14, -0.15, 0, 0.11, 0.40, 0.10, 1),
        Ellipsoid(0.14, -0.20, 0, 0.05, 0.32, 0.05, 1.8),
        Ellipsoid(heel, 0.22, 0, 0.10, 0.07, 0.06, 1.6),
        Ellipsoid(0.08, 0.16, 0, 0.12, 0.05, 0.06, 1.5),
        *toes,
    ]


def neck(rng: np.random.Generator) -> Body:
    jaw = Ellipsoid(0, -0.38, -0.05, 0.24, 0.12, 0.16, 1.5)
    shoulders = [Ellipsoid(side * 0.36, 0.42, 0, 0.30, 0.16, 0.14, 1) for side in (-1, 1)]
    airway = Ellipsoid(0, 0.05, -0.06, rng.uniform(0.025, 0.04), 0.40, 0.03, -0.9)
    return [Ellipsoid(0, 0, 0, 0.17, 0.6, 0.16, 1), jaw, *shoulders, airway, *_column(8, -0.4, 0.45, 0.06, 0.055, 1.6)]


def breast(rng: np.random.Generator) -> Body:
    glands = [
        Ellipsoid(
            -0.5 + rng.uniform(0.05, 0.4), rng.normal(0, 0.12), 0, rng.uniform(0.02, 0.08), rng.uniform(0.02, 0.08), 0.05, 0.8
        )
        for _ in range(12)
    ]
    return [Ellipsoid(-0.5, 0, 0, rng.uniform(0.55, 0.7), 0.38, 0.12, 1), *glands]


def shoulder(rng: np.random.Generator) -> Body:
    return [
        Ellipsoid(-0.35, 0.35, 0, 0.45, 0.45, 0.15, 1),
        Ellipsoid(0.20, 0.30, 0, 0.13, 0.5, 0.13, 1),
        Ellipsoid(0.12, -0.05, 0, 0.09, 0.09, 0.09, 1.6),
        Ellipsoid(0.20, 0.35, 0, 0.05, 0.36, 0.05, 1.8),
        Ellipsoid(-0.15, -0.18 + rng.normal(0, 0.02), -0.05, 0.24, 0.025, 0.025, 2),
        Ellipsoid(-0.12, 0.12, 0.05, 0.13, 0.20, 0.02, 1.8),
        Ellipsoid(-0.45, 0.35, 0, 0.16, 0.30, 0.10, -0.7),
    ]


def forearm(rng: np.random.Generator) -> Body:
    apart = rng.uniform(0.05, 0.08)
    bones = [Ellipsoid(side * apart, 0, 0, 0.035, 0.60, 0.035, 2.2) for side in (-1, 1)]
    return [Ellipsoid(0, 0, 0, rng.uniform(0.14, 0.18), 0.9, 0.14, 1), *bones]


def elbow(rng: np.random.Generator) -> Body:
    bend = rng.uniform(0.10, 0.16)
    return [
        Ellipsoid(-bend, -0.25, 0, 0.13, 0.38, 0.12, 1),
        Ellipsoid(0.15, bend, 0, 0.40, 0.12, 0.11, 1),
        Ellipsoid(-bend, -0.28, 0, 0.05, 0.36, 0.05, 1.9),
        Ellipsoid(0.18, bend - 0.04, 0, 0.36, 0.035, 0.035, 1.9),
        Ellipsoid(0.18, bend + 0.05, 0, 0.36, 0.03, 0.03, 1.9),
    ]


def both_legs(rng: np.random.Generator) -> Body:
    apart = rng.uniform(0.20, 0.26)
    flesh = [Ellipsoid(side * apart, 0, 0, 0.15, 0.9, 0.15, 1) for side in (-1, 1)]
    shins = [Ellipsoid(side * (apart - 0.03), 0, 0, 0.055, 0.7, 0.055, 2) for side in (-1, 1)]
    return [*flesh, *shins, *(Ellipsoid(side * (apart + 0.07), 0, 0, 0.02, 0.6, 0.02, 2) for side in (-1, 1))]


def jaw(rng: np.random.Generator) -> Body:
    teeth = [Ellipsoid(x, 0.02 + 0.5 * x * x, 0, 0.018, 0.07, 0.03, 2.5) for x in np.linspace(-0.3, 0.3, 14)]
    bone = [Ellipsoid(x, 0.16 + 0.4 * x * x, 0, 0.06, 0.07, 0.05, 1) for x in np.linspace(-0.36, 0.36, 12)]
    return [Ellipsoid(0, 0, 0, rng.uniform(0.46, 0.55), 0.4, 0.2, 1), *teeth, *bone]


def _pelvic_bones() -> Body:
    wings = [Ellipsoid(side * 0.22, 0.20, 0.05, 0.13, 0.12, 0.03, 2.2) for side in (-1, 1)]
    heads = [Ellipsoid(side * 0.28, 0.38, 0, 0.06, 0.06, 0.06, 1.8) for side in (-1, 1)]
    shafts = [Ellipsoid(side * 0.33, 0.55, 0, 0.045, 0.16, 0.045, 2) for side in (-1, 1)]
    return [*wings, *heads, *shafts, Ellipsoid(0, 0.25, 0.1, 0.08, 0.14, 0.05, 1.4)]


Part = Callable[[np.random.Generator], Body]

DEVELOPMENT: dict[str, Part] = {
    part.__name__: part for part in (hand, knee, abdomen, skull, neck, foot, pelvis, breast, shoulder, forearm)
}
HELD_OUT: dict[str, Part] = {part.__name__: part for part in (elbow, both_legs, jaw)}
