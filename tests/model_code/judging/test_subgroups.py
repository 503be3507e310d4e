"""Subgroups are what the manifest says, ages as bands; none is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from model_code.judging.subgroups import UNKNOWN, attributes_of, subgroups
from tests.model_code.judging.drawn import calibration, scores


def test_attributes_are_text_ages_are_bands_and_nothing_is_unknown_in_silence() -> None:
    frame = pd.DataFrame({"sex": ["F", None, " "], "age": [17, 93, None], "view": ["PA", "AP", "PA"], "device": ["x"] * 3})
    found = attributes_of(frame)
    assert {name: list(values) for name, values in found.items()} == {
        "sex": ["F", UNKNOWN, UNKNOWN],
        "age": ["0 to 17", "80 and over", UNKNOWN],
        "view": ["PA", "AP", "PA"],
    }


def test_ages_that_make_no_sense_are_unknown() -> None:
    assert list(attributes_of(pd.DataFrame({"age": ["055Y", "-3", "40"]}))["age"]) == [UNKNOWN, UNKNOWN, "40 to 59"]


def test_a_manifest_without_attributes_has_no_subgroups() -> None:
    assert attributes_of(pd.DataFrame({"image": ["a"]})) == {}


def test_a_subgroup_with_too_few_films_is_listed_without_figures() -> None:
    drawn = scores(patients=60)
    site = np.where(np.arange(len(drawn)) < 6, "small", "large")
    found = subgroups({"site": site}, drawn.targets, drawn.probabilities, drawn.groups, calibration())["site"]
    assert (found["small"].films, found["small"].groups, found["small"].macro_auroc) == (6, 3, None)
    assert found["small"].labels["A"].auroc is None
    assert found["large"].macro_auroc is not None and found["large"].films == len(drawn) - 6


def test_a_subgroup_of_a_few_patients_with_many_films_has_no_figures() -> None:
    drawn = scores(patients=8, films=50)
    found = subgroups({"site": np.full(len(drawn), "one")}, drawn.targets, drawn.probabilities, drawn.groups, calibration())
    assert (found["site"]["one"].films, found["site"]["one"].groups, found["site"]["one"].macro_auroc) == (400, 8, None)
