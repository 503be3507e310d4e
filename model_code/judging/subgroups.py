"""The same figures per sex, age band, view and site. A subgroup with too few films is listed as such, never left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_code.bundle_info import LabelCalibration, Subgroup
from model_code.judging.figures import ENOUGH, measure
from model_code.judging.resample import Array

ATTRIBUTES: Final = ("sex", "age", "view", "site", "body_site")
UNKNOWN: Final = "unknown"
AGES: Final = {0: "0 to 17", 18: "18 to 39", 40: "40 to 59", 60: "60 to 79", 80: "80 and over"}
"""Bands by their first year. Ages themselves stay in the manifest: from 90 on they tell who somebody is (45 CFR 164.514)."""


def attributes_of(frame: pd.DataFrame) -> dict[str, NDArray[np.str_]]:
    """The attributes that a manifest has, as text (N,) each; ages as bands, what is empty as ``unknown``."""
    found = {}
    for name in ATTRIBUTES:
        if name in frame:
            column = frame[name].map(_band) if name == "age" else frame[name]
            text = column.astype(object).where(column.notna(), UNKNOWN).astype(str)
            found[name] = text.where(text.str.strip() != "", UNKNOWN).to_numpy(str)
    return found


def _band(age: object) -> str:
    years = pd.to_numeric(age, errors="coerce")
    return UNKNOWN if pd.isna(years) or years < 0 else AGES[max(first for first in AGES if first <= years)]


def subgroups(
    attributes: Mapping[str, NDArray[np.str_]],
    targets: Array,
    probabilities: Array,
    groups: NDArray[np.generic],
    calibration: Mapping[str, LabelCalibration],
) -> dict[str, dict[str, Subgroup]]:
    """Figures by attribute and value; a label needs ``ENOUGH`` films of each kind in a subgroup, or else it is only counted."""
    found: dict[str, dict[str, Subgroup]] = {}
    for name, values in attributes.items():
        found[name] = {}
        for value in sorted(set(values)):
            rows = values == value
            measured = measure(targets[rows], probabilities[rows], groups[rows], calibration, enough=ENOUGH)
            found[name][str(value)] = Subgroup(
                films=int(rows.sum()),
                groups=len(set(groups[rows])),
                macro_auroc=measured.macro_auroc,
                labels=measured.labels,
            )
    return found
