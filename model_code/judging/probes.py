"""Shortcut probes: does a model look where findings are, or at what merely goes along with them?

Networks have learnt the hospital from its corner marker and the patient's bed from the film's border (Zech et al., PLOS Medicine
2018; DeGrave et al., Nature Machine Intelligence 2021). Two pictures of each film show it. Without its *centre*, a fixed box that
holds both lungs and the heart on any frontal film (and the lesion on a dermoscopy), no finding is left to see: AUROC should fall
near 0.5. Without its *corners*, where markers are, nothing should change. The box is the same on every film: a mask that follows
the drawn or found lungs would show their shape, which is itself a sign (a flat diaphragm, a shrunken lung).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import LabelCalibration, Probe, Probes
from model_code.data.images import DecodedImage
from model_code.judging.figures import measure
from model_code.judging.resample import Array

FILMS: Final = 400
"""Of a split at most so many are probed, evenly spread over it: enough for a macro AUROC within some 0.03."""
CENTRE: Final = (0.06, 0.94, 0.04, 0.90)
"""The box that findings lie in: left, right, top, bottom, as fractions of the film."""
GREY: Final = 0.5
"""What the box is filled with, on the scale 0 to 1."""
CORNER: Final = 0.16
"""Side of the squares that markers lie in, as a fraction of the film's shorter side."""


def without_centre(image: DecodedImage) -> DecodedImage:
    """The film with the box filled by one grey, the same on every film, since any grey of its own would tell of what it hides."""
    left, right, top, bottom = CENTRE
    pixels = image.pixels.copy()
    rows, columns = slice(round(top * image.rows), round(bottom * image.rows)), _columns(left, right, image.columns)
    pixels[rows, columns] = GREY
    return replace(image, pixels=pixels)


def without_corners(image: DecodedImage) -> DecodedImage:
    """The film with the square in each corner filled with black, as a narrower beam would leave it: a marker goes."""
    pixels = image.pixels.copy()
    side = max(1, round(CORNER * min(image.rows, image.columns)))
    for rows in (slice(0, side), slice(image.rows - side, image.rows)):
        for columns in (slice(0, side), slice(image.columns - side, image.columns)):
            pixels[rows, columns] = 0
    return replace(image, pixels=pixels)


def _columns(left: float, right: float, columns: int) -> slice:
    return slice(round(left * columns), round(right * columns))


def probed_rows(films: int) -> NDArray[np.intp]:
    """Which rows of a split are probed."""
    return np.unique(np.linspace(0, films - 1, min(films, FILMS)).round().astype(np.intp))


def probes(
    targets: Array,
    groups: NDArray[np.generic],
    said: Mapping[str, Array],
    calibration: Mapping[str, LabelCalibration],
) -> Probes | None:
    """AUROC of the probed films (n,), as they are and altered; ``said`` holds the probabilities (n, K) by ``Probes``' names.

    None where no label has films of both kinds among them.
    """
    found = {}
    for name, probabilities in said.items():
        measured = measure(targets, probabilities, groups, calibration)
        if measured.macro_auroc is None:
            return None
        auroc = {label: figures.auroc for label, figures in measured.labels.items() if figures.auroc is not None}
        found[name] = Probe(macro_auroc=measured.macro_auroc, auroc=auroc)
    return Probes(films=len(targets), **found)
