"""The eight diagnoses as drawn lesions: each function draws one with the signs by which dermatologists tell it from the others.

Signs after Kittler et al. (J Am Acad Dermatol 2016;74:1093) and Argenziano et al. (ibid. 2003;48:679), simplified to what
survives at 64 pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from model_code.data.phantoms.dermoscopy.canvas import Canvas, Colour
from model_code.data.phantoms.dermoscopy.lesion import Lesion

Diagnosis = Callable[[Canvas, np.random.Generator], Lesion]

TAN: Final = (0.66, 0.46, 0.31)
BROWN: Final = (0.45, 0.28, 0.18)
DARK: Final = (0.24, 0.14, 0.10)
BLACK: Final = (0.09, 0.06, 0.06)
BLUE_GREY: Final = (0.42, 0.47, 0.55)
WHITE: Final = (0.93, 0.88, 0.84)
PINK: Final = (0.87, 0.58, 0.54)
RED: Final = (0.72, 0.20, 0.19)
KERATIN: Final = (0.93, 0.83, 0.58)
BLOOD: Final = (0.38, 0.07, 0.08)


def _near(rng: np.random.Generator, colour: Colour) -> Colour:
    """The colour a little lighter or darker, and very little of another hue."""
    shifts = rng.normal(0, 0.035) + rng.normal(0, 0.01, 3)
    red, green, blue = (float(np.clip(value + shift, 0, 1)) for value, shift in zip(colour, shifts, strict=True))
    return red, green, blue


def nevus(canvas: Canvas, rng: np.random.Generator) -> Lesion:
    """Symmetric and smooth, one brown that fades at the border, with an even network or even globules."""
    lesion = Lesion(canvas, rng, radius=rng.uniform(0.38, 0.6), irregular=0.03, blur=0.22)
    lesion.fill(_near(rng, TAN if rng.random() < 0.5 else BROWN), amount=0.85)
    canvas.paint(_near(rng, BROWN), 0.5 * lesion.ring(-1, 0.6))
    if rng.random() < 0.6:
        canvas.paint(_near(rng, DARK), 0.5 * lesion.network(pitch=rng.uniform(0.075, 0.1), atypical=0.25) * lesion.body)
    else:
        canvas.paint(_near(rng, DARK), 0.7 * lesion.dots(45, (0.018, 0.03), reach=0.92) * lesion.body)
    return lesion


def melanoma(canvas: Canvas, rng: np.random.Generator) -> Lesion:
    """Asymmetric, jagged, many colours: broken network, black blotches, a blue-white veil, streaks on one side."""
    lesion = Lesion(canvas, rng, radius=rng.uniform(0.5, 0.68), irregular=rng.uniform(0.08, 0.13), blur=0.09)
    lesion.fill(_near(rng, BROWN), mottled=0.25)
    for colour, size in ((DARK, 0.36), (TAN, 0.22), (RED, 0.16), (DARK, 0.28), (BLACK, 0.24)):
        canvas.paint(_near(rng, colour), 0.85 * lesion.patch(size * rng.uniform(0.8, 1.2)))
    canvas.paint(BLACK, 0.6 * lesion.network(pitch=rng.uniform(0.1, 0.15), atypical=0.7) * lesion.body)
    canvas.paint(_near(rng, BLUE_GREY), 0.85 * lesion.patch(rng.uniform(0.22, 0.34), reach=0.45))
    canvas.paint(BLACK, 0.9 * lesion.dots(14, (0.012, 0.035)) * lesion.body)
    one_side = np.cos(lesion.angle - rng.uniform(0, 2 * np.pi)) > 0.1
    canvas.paint(DARK, 0.9 * lesion.short_lines(34, at=0.92, length=0.12, width=0.022) * one_side)
    return lesion


def basal_cell_carcinoma(canvas: Canvas, rng: np.random.Generator) -> Lesion:
    """Pink and shining, with branching vessels in focus, blue-grey ovoid nests, sometimes an ulcer."""
    lesion = Lesion(canvas, rng, radius=rng.uniform(0.45, 0.62), irregular=0.06, blur=0.25)
    lesion.fill(_near(rng, PINK), amount=0.8, mottled=0.1)
    canvas.paint(WHITE, 0.4 * lesion.patch(0.3))
    canvas.paint(_near(rng, BLUE_GREY), 0.85 * lesion.dots(int(rng.integers(3, 9)), (0.05, 0.11), beyond=0.3) * lesion.body)
    canvas.paint(_near(rng, RED), 0.95 * lesion.branching_vessels(int(rng.integers(4, 7))))
    if rng.random() < 0.4:
        canvas.paint(_near(rng, (0.62, 0.25, 0.12)), 0.9 * lesion.patch(0.14, reach=0.4))
    return lesion


def actinic_keratosis(canvas: Canvas, rng: np.random.Generator) -> Lesion:
    """Strawberry: a red net around whitish follicles, without a border, under thin scales."""
    lesion = Lesion(canvas, rng, radius=rng.uniform(0.5, 0.7), irregular=0.08, blur=0.5)
    lesion.fill(_near(rng, (0.84, 0.47, 0.42)), amount=0.8, mottled=0.15)
    follicles = lesion.dots(55, (0.03, 0.045), reach=1.0)
    canvas.paint(RED, 0.35 * (1 - follicles) * lesion.body)
    canvas.paint(_near(rng, (0.95, 0.80, 0.68)), 0.8 * follicles * lesion.body)
    for _ in range(int(rng.integers(2, 5))):
        canvas.paint(WHITE, 0.55 * lesion.patch(rng.uniform(0.06, 0.12)))
    return lesion


def benign_keratosis(canvas: Canvas, rng: np.random.Generator) -> Lesion:
    """Stuck on: a sharp border, waxy tan to brown, milia-like white cysts, dark comedo-like openings, ridges."""
    lesion = Lesion(canvas, rng, radius=rng.uniform(0.45, 0.65), irregular=0.07, blur=0.05)
    lesion.fill(_near(rng, (0.58, 0.43, 0.30)), mottled=0.12)
    canvas.paint(_near(rng, (0.76, 0.60, 0.40)), 0.5 * np.sin(lesion.network(pitch=0.24, atypical=0.8) * np.pi) * lesion.body)
    canvas.paint(DARK, 0.9 * lesion.dots(int(rng.integers(8, 16)), (0.02, 0.045), reach=0.9) * lesion.body)
    canvas.paint(WHITE, 0.95 * lesion.dots(int(rng.integers(10, 20)), (0.016, 0.032), reach=0.9) * lesion.body)
    return lesion


def dermatofibroma(canvas: Canvas, rng: np.random.Generator) -> Lesion:
    """A white scar in the middle of a round, pale lesion with a delicate network at its rim."""
    lesion = Lesion(canvas, rng, radius=rng.uniform(0.38, 0.55), irregular=0.03, blur=0.3)
    lesion.fill(_near(rng, (0.78, 0.55, 0.44)), amount=0.75)
    rim = lesion.ring(0.5, 1.0)
    canvas.paint(_near(rng, BROWN), 0.55 * lesion.network(pitch=0.065, atypical=0.25) * rim + 0.2 * rim)
    canvas.paint(_near(rng, WHITE), 0.9 * lesion.ring(-1, rng.uniform(0.38, 0.5)))
    return lesion


def vascular_lesion(canvas: Canvas, rng: np.random.Generator) -> Lesion:
    """Red to violet lacunae, round and sharp, between pale septa."""
    lesion = Lesion(canvas, rng, radius=rng.uniform(0.35, 0.52), irregular=0.05, blur=0.1)
    lesion.fill(_near(rng, (0.80, 0.44, 0.46)), amount=0.9)
    for colour in (RED, (0.45, 0.10, 0.24), (0.55, 0.08, 0.13)):
        canvas.paint(_near(rng, colour), 0.95 * lesion.dots(11, (0.06, 0.105), reach=0.85) * lesion.body)
        canvas.paint(WHITE, 0.25 * lesion.network(pitch=0.2, atypical=0.5) * lesion.body)
    return lesion


def squamous_cell_carcinoma(canvas: Canvas, rng: np.random.Generator) -> Lesion:
    """A yellow-white mass of keratin with spots of blood, ringed by looped vessels on red."""
    lesion = Lesion(canvas, rng, radius=rng.uniform(0.48, 0.65), irregular=0.1, blur=0.2)
    lesion.fill(_near(rng, (0.82, 0.42, 0.38)), amount=0.9, mottled=0.15)
    canvas.paint(RED, 0.9 * lesion.short_lines(26, at=0.68, length=0.14, width=0.014, looped=True))
    canvas.paint(_near(rng, KERATIN), 0.95 * lesion.ring(-1, rng.uniform(0.5, 0.6)))
    canvas.paint(WHITE, 0.8 * lesion.patch(0.2, reach=0.3))
    canvas.paint(BLOOD, 0.9 * lesion.dots(int(rng.integers(4, 9)), (0.025, 0.05), reach=0.5))
    return lesion


DIAGNOSES: Final[Mapping[str, Diagnosis]] = {
    "MEL": melanoma,
    "NV": nevus,
    "BCC": basal_cell_carcinoma,
    "AK": actinic_keratosis,
    "BKL": benign_keratosis,
    "DF": dermatofibroma,
    "VASC": vascular_lesion,
    "SCC": squamous_cell_carcinoma,
}
