"""The fourteen findings as drawn signs. Each function changes a film's fields and returns the mask of what it drew.

Signs that change the shape of the chest (a big heart, flat diaphragms) come in two parts: ``SHAPES`` is applied
before the lungs are filled with air, ``SIGNS`` after. What tells each finding apart follows the Fleischner Society's glossary
(Hansell et al., Radiology 2008;246:697), simplified to what survives at 64 pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter

from model_code.data.phantoms.anatomy import LEFT, RIGHT, SIDES, Field, Film, Mask

Sign = Callable[[Film], Mask]


def _some_side(film: Film) -> int:
    return RIGHT if film.rng.random() < 0.5 else LEFT


def _inside_lung(film: Film, *, low: float, high: float, margin: float, side: int | None = None) -> tuple[float, float, int]:
    """A random point in aerated lung between two relative heights, ``margin`` away from its border."""
    side = _some_side(film) if side is None else side
    height = film.anatomy.base - film.anatomy.apex
    relative = (film.y - film.anatomy.apex) / height
    room = film.lungs & film.lung(side) & (relative > low) & (relative < high)
    inner = binary_erosion(room, iterations=max(1, round(margin * film.side)))
    rows, columns = np.nonzero(inner if inner.any() else room)
    pick = int(film.rng.integers(len(rows)))
    return float(film.x[0, columns[pick]]), float(film.y[rows[pick], 0]), side


def _ellipse(film: Film, x: float, y: float, rx: float, ry: float, tilt: float = 0.0) -> Field:
    """Normalised squared distance from an ellipse's centre: 1 on its border."""
    dx, dy = film.x - x, film.y - y
    along, across = dx * np.cos(tilt) + dy * np.sin(tilt), -dx * np.sin(tilt) + dy * np.cos(tilt)
    return np.asarray((along / rx) ** 2 + (across / ry) ** 2, np.float32)


def _grain(film: Film, scale: float) -> Field:
    """Smooth noise with unit variance; ``scale`` is its correlation length."""
    noise = gaussian_filter(film.rng.standard_normal((film.side, film.side)).astype(np.float32), film.side * scale)
    return np.asarray(noise / noise.std(), np.float32)


def _fill(film: Film, amount: Field) -> None:
    """Replaces air by fluid or tissue: ``amount`` 0 leaves the lung, 1 makes it as white as the heart."""
    film.air *= 1 - np.clip(amount, 0, 1)


# --- changes of shape, before the lungs are inflated ------------------------------------------------------------------


def enlarge_heart(film: Film) -> None:
    film.heart_ratio = film.rng.uniform(0.58, 0.70) * (film.heart_scale**0.5)


def hyperinflate(film: Film) -> None:
    """Flat, low diaphragms and a narrow heart."""
    film.flatness = 0.6
    film.diaphragm = {side: y + 0.03 for side, y in film.diaphragm.items()}
    film.heart_ratio *= 0.85


# --- signs, after the lungs are inflated ------------------------------------------------------------------------------


def atelectasis(film: Film) -> Mask:
    """Plate-like bands above the diaphragm, sharp on both edges."""
    side = _some_side(film)
    u = film.outward(side)
    mask = np.zeros_like(film.lungs)
    start = film.diaphragm[side] - film.rng.uniform(0.06, 0.14)
    for number in range(2):
        centre = start - 0.075 * number + film.rng.uniform(-0.25, 0.25) * (u - 0.2)
        mask |= (np.abs(film.y - centre) < 0.02) & (u > 0.08) & (u < film.half_chest - 0.02)
    mask &= film.lungs & film.lung(side)
    _fill(film, 0.85 * mask)
    return mask


def cardiomegaly(film: Film) -> Mask:
    return film.heart()


def effusion(film: Film) -> Mask:
    """Fluid that fills the angle and climbs along the wall: a meniscus, concave upwards."""
    side = _some_side(film)
    u = film.outward(side) / film.half_chest
    level = film.diaphragm[side] - film.rng.uniform(0.03, 0.11) - 0.16 * np.clip(u - 0.45, 0, None) ** 2 / 0.3
    mask: Mask = (film.y > level) & (film.lungs & film.lung(side))
    _fill(film, 0.97 * mask)
    film.markings[mask] = 0
    return mask


def infiltration(film: Film) -> Mask:
    """A faint, streaky haze without an edge; vessels stay visible in it."""
    x, y, _ = _inside_lung(film, low=0.3, high=0.85, margin=0.05)
    distance = _ellipse(film, x, y, film.rng.uniform(0.11, 0.14), film.rng.uniform(0.13, 0.17))
    haze = np.exp(-distance) * (0.38 + 0.16 * _grain(film, 0.008))
    _fill(film, np.asarray(haze, np.float32))
    return np.asarray((distance < 1) & film.lungs, np.bool_)


def mass(film: Film) -> Mask:
    """One round, dense, sharp opacity larger than 3 cm."""
    x, y, _ = _inside_lung(film, low=0.12, high=0.9, margin=0.05)
    radius = film.rng.uniform(0.055, 0.085)
    mask = _ellipse(film, x, y, radius, radius * film.rng.uniform(0.85, 1.15)) < 1
    _fill(film, 0.9 * mask)
    return np.asarray(mask & film.lungs, np.bool_)


def nodule(film: Film) -> Mask:
    """One to three small, round, dense opacities of at most 3 cm."""
    mask = np.zeros_like(film.lungs)
    for _ in range(int(film.rng.integers(1, 4))):
        x, y, _ = _inside_lung(film, low=0.1, high=0.92, margin=0.03)
        radius = film.rng.uniform(0.026, 0.036)
        mask |= _ellipse(film, x, y, radius, radius) < 1
    _fill(film, 0.95 * mask)
    film.opacity += 0.12 * mask
    return np.asarray(mask & film.lungs, np.bool_)


def pneumonia(film: Film) -> Mask:
    """Cotton-wool: a cluster of fluffy patches of different size in one lower lung."""
    x, y, side = _inside_lung(film, low=0.5, high=0.9, margin=0.07)
    patches = np.zeros_like(film.air)
    for _ in range(9):
        px, py = x + film.rng.normal(0, 0.05), y + film.rng.normal(0, 0.06)
        radius = film.rng.uniform(0.02, 0.045)
        patches = np.maximum(patches, np.exp(-(_ellipse(film, px, py, radius, radius) ** 2)))
    patches *= film.lung(side)
    _fill(film, 0.75 * patches)
    return np.asarray((gaussian_filter(patches, film.side * 0.012) > 0.3) & film.lungs, np.bool_)


def pneumothorax(film: Film) -> Mask:
    """Black air without vessels between wall and a thin white visceral line, widest at the apex."""
    side = _some_side(film)
    u = film.outward(side) / film.half_chest
    relative = (film.y - film.anatomy.apex) / (film.anatomy.base - film.anatomy.apex)
    edge = film.rng.uniform(0.52, 0.62) + 0.22 * np.clip(relative, 0, 1)
    lung = film.lungs & film.lung(side)
    mask = lung & ((u > edge) | (relative < 0.16))
    line = (np.abs(u - edge) < 0.016) & lung & (relative >= 0.16) | (np.abs(relative - 0.16) < 0.008) & lung & (u < edge)
    film.air[mask] = 1.22
    film.markings[mask] = 0
    film.opacity += 0.16 * line
    collapsed = lung & ~mask & ~line
    film.air[collapsed] *= 0.86  # the rest of the lung holds less air
    return np.asarray(mask | line, np.bool_)


def consolidation(film: Film) -> Mask:
    """A lobe filled evenly up to a straight fissure, with dark air bronchograms in it."""
    side = _some_side(film)
    upper = film.rng.random() < 0.5
    u = film.outward(side)
    relative = (film.y - film.anatomy.apex) / (film.anatomy.base - film.anatomy.apex)
    fissure = film.rng.uniform(0.38, 0.46) if upper else film.rng.uniform(0.58, 0.66)
    slanted = relative - 0.12 * (u / film.half_chest)
    lobe = (slanted < fissure) & (slanted > fissure - 0.30) if upper else (slanted > fissure) & (slanted < fissure + 0.25)
    mask = lobe & film.lungs & film.lung(side)
    bronchi = np.abs(np.sin((film.y + 0.35 * u) * 2 * np.pi / 0.09)) < 0.22
    _fill(film, np.asarray(0.82 * mask * (1 - 0.7 * bronchi), np.float32))
    return mask


def edema(film: Film) -> Mask:
    """A bat's wing: haze that spreads from both hila and spares the rim."""
    mask = np.zeros_like(film.lungs)
    y = film.anatomy.apex + 0.52 * (film.anatomy.base - film.anatomy.apex)
    for side in SIDES:
        x = film.anatomy.midline + side * 0.13
        distance = _ellipse(film, x, y, film.rng.uniform(0.12, 0.14), film.rng.uniform(0.17, 0.21))
        _fill(
            film, np.asarray(film.rng.uniform(0.6, 0.72) * np.exp(-(distance**1.5)) * (1 + 0.1 * _grain(film, 0.02)), np.float32)
        )
        mask |= distance < 1
    return np.asarray(mask & film.lungs, np.bool_)


def emphysema(film: Film) -> Mask:
    """Dark, overfilled lungs with few vessels and thin-walled bullae."""
    film.air *= 1.16
    film.markings *= 0.35
    for side in SIDES:
        for _ in range(2):
            x, y, _ = _inside_lung(film, low=0.05, high=0.45, margin=0.05, side=side)
            distance = _ellipse(film, x, y, 0.05, 0.055)
            film.air[(distance < 1) & film.lungs] = 1.3
            film.opacity += 0.09 * ((np.abs(distance - 1) < 0.18) & film.lungs)
    return film.lungs.copy()


def fibrosis(film: Film) -> Mask:
    """A coarse net of lines (honeycomb) at the outer bases of both lungs."""
    relative = (film.y - film.anatomy.apex) / (film.anatomy.base - film.anatomy.apex)
    mask = np.zeros_like(film.lungs)
    for side in SIDES:
        mask |= film.lung(side) & (relative + 0.8 * (film.outward(side) / film.half_chest - 0.6) > film.rng.uniform(0.55, 0.65))
    mask &= film.lungs
    pitch = film.rng.uniform(0.038, 0.044)
    turn = film.rng.uniform(0, np.pi)
    waves = sum(np.cos(2 * np.pi / pitch * (film.x * np.cos(turn + a) + film.y * np.sin(turn + a))) for a in (0, 2.094, 4.189))
    net = np.asarray(waves, np.float32) < -0.45
    film.opacity += 0.26 * (net & mask)
    return mask


def pleural_thickening(film: Film) -> Mask:
    """A white rind along the outer wall and over the apex, without the dark air of a pneumothorax."""
    side = _some_side(film)
    u = film.outward(side) / film.half_chest
    lung = film.lungs & film.lung(side)
    thickness = film.rng.uniform(0.045, 0.060)
    inner = binary_erosion(film.lung(side), iterations=max(2, round(thickness * film.side)))
    relative = (film.y - film.anatomy.apex) / (film.anatomy.base - film.anatomy.apex)
    mask: Mask = lung & ~inner & (u > 0.45) & (relative < 0.78)
    _fill(film, 0.8 * mask)
    film.opacity += 0.06 * mask
    return mask


def hernia(film: Film) -> Mask:
    """A round pouch behind the heart with gas above a straight fluid level."""
    x = film.anatomy.midline + film.rng.uniform(-0.03, 0.05)
    y = film.anatomy.base - film.rng.uniform(0.08, 0.11)
    radius = film.rng.uniform(0.075, 0.095)
    distance = _ellipse(film, x, y, radius, radius)
    pouch = distance < 1
    gas = (distance < 0.8) & (film.y < y)
    _fill(film, pouch.astype(np.float32))
    film.opacity += 0.10 * (pouch & ~gas)
    film.air[gas] = 0.85
    film.markings[gas] = 0
    return pouch


SHAPES: Final[Mapping[str, Callable[[Film], None]]] = {
    "Cardiomegaly": enlarge_heart,
    "Emphysema": hyperinflate,
}

SIGNS: Final[Mapping[str, Sign]] = {
    # in drawing order: what changes a whole lung first, what lies on top of it last
    "Emphysema": emphysema,
    "Edema": edema,
    "Infiltration": infiltration,
    "Fibrosis": fibrosis,
    "Pneumonia": pneumonia,
    "Consolidation": consolidation,
    "Atelectasis": atelectasis,
    "Pneumothorax": pneumothorax,
    "Effusion": effusion,
    "Pleural_Thickening": pleural_thickening,
    "Mass": mass,
    "Nodule": nodule,
    "Hernia": hernia,
    "Cardiomegaly": cardiomegaly,
}
