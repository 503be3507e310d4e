"""Pointing and coverage count what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from model_code.bundle import open_bundle
from model_code.data.manifest import Manifest
from model_code.data.phantoms.places import FILE_NAME, GRID, place_row
from model_code.judging.decisions import coverage, measured_points, pointing_test
from model_code.shares import share
from tests.conftest import Line


def test_pointing_counts_peaks_inside_the_sign_over_true_positives(line: Line, tmp_path: Path) -> None:
    """Four films of one label: a hit, a miss, one below the threshold, one without the finding."""
    calibration = open_bundle(line.calibrated).info.calibration
    assert calibration is not None
    mask = np.zeros((GRID * 4, GRID * 4), np.bool_)
    mask[80:100, 40:60] = True
    images = [f"{number}.png" for number in range(4)]
    pd.DataFrame([place_row(image, "Mass", mask) for image in images[:3]]).to_parquet(tmp_path / FILE_NAME)
    manifest = Manifest(pd.DataFrame({"image": images}), tmp_path, ("Mass",), "")
    threshold = calibration.labels["Mass"].rule_in.threshold
    probabilities = np.array([[1.0], [1.0], [threshold - 1e-6], [1.0]])
    peaks = np.array([[[22, 12]], [[22, 40]], [[22, 12]], [[22, 12]]])
    targets = np.array([[1.0], [1.0], [1.0], [0.0]])
    pointing = pointing_test(manifest, targets, probabilities, peaks, calibration)
    assert pointing is not None
    assert (pointing.hits, pointing.films, pointing.labels) == (1, 2, {"Mass": (1, 2)})
    assert pointing.accuracy == 0.5 and "1 of 2 true positives (50%)" in str(pointing)


def test_real_films_have_no_pointing_test(line: Line, tmp_path: Path) -> None:
    calibration = open_bundle(line.calibrated).info.calibration
    assert calibration is not None
    manifest = Manifest(pd.DataFrame({"image": ["a"]}), tmp_path, ("Mass",), "")
    assert pointing_test(manifest, np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1, 2), np.intp), calibration) is None


def test_points_are_measured_where_both_kinds_of_film_are(line: Line) -> None:
    """Of a label without one kind there is no rate, so a reading states validation's."""
    calibration = open_bundle(line.calibrated).info.calibration
    assert calibration is not None
    chosen = calibration.labels["Mass"]
    one = calibration.model_copy(update={"labels": {"Mass": chosen}})
    said = np.array([[0.1], [0.9], [0.5]])
    found = measured_points(one, np.array([[0.0], [1.0], [np.nan]]), said).labels["Mass"].balanced.test
    assert found is not None and (found.sensitivity.n, found.specificity.n) == (1, 1)
    for truth in (0.0, 1.0, np.nan):
        assert measured_points(one, np.full((3, 1), truth), said).labels["Mass"] == chosen


def test_coverage_counts_films_whose_right_answer_stays_possible(line: Line) -> None:
    calibration = open_bundle(line.calibrated).info.calibration
    assert calibration is not None
    chosen = calibration.labels["Mass"].model_copy(update={"present_from": 0.3, "absent_to": 0.6})
    one = calibration.model_copy(update={"labels": {"Mass": chosen}})
    # absent (below 0.3), left open (0.3 to 0.6), present (above 0.6); the last film's truth is not known
    probabilities = np.array([[0.1], [0.5], [0.9], [0.1], [0.5], [0.9], [0.9]])
    truth = np.array([[1.0], [1.0], [1.0], [0.0], [0.0], [0.0], [np.nan]])
    found = coverage(truth, probabilities, one)["Mass"]
    assert found.present == share(2, 3)
    assert found.absent == share(2, 3)
    assert found.uncertain == share(2, 6)
