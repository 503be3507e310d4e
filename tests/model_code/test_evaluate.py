"""Figures are those of a reference implementation, their intervals resample patients, and pointing counts what it says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from model_code.bundle import open_bundle
from model_code.bundle_info import Interval
from model_code.data.manifest import Manifest, read_manifest
from model_code.data.phantoms.places import FILE_NAME, GRID, place_row
from model_code.errors import BundleError, ManifestError
from model_code.evaluate import auroc_intervals, coverage, evaluate, pointing_test, reliability
from model_code.predictor import Predictor
from model_code.shares import share
from model_code.tasks import CHEST14
from tests.conftest import Line

Array = NDArray[np.float64]
LABELS = ("A", "B")


def draw(seed: int, patients: int, films: int) -> tuple[Array, Array, NDArray[np.str_]]:
    """Truth and scores of patients whose films are copies of one another, and the patients' names."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, (patients, 2)).astype(float)
    scores = rng.normal(size=(patients, 2)) + truth
    names = np.array([f"P{patient}" for patient in range(patients)])
    return np.repeat(truth, films, axis=0), np.repeat(scores, films, axis=0), np.repeat(names, films)


def intervals(seed: int, patients: int, films: int) -> tuple[dict[str, Interval], Interval]:
    truth, scores, names = draw(seed, patients, films)
    return auroc_intervals(truth, scores, names, LABELS)


def test_aurocs_are_scikit_learns_and_lie_in_their_intervals() -> None:
    truth, scores, names = draw(0, 80, 1)
    per_label, macro = auroc_intervals(truth, scores, names, LABELS)
    expected = [roc_auc_score(truth[:, column], scores[:, column]) for column in range(2)]
    assert [per_label[label].value for label in LABELS] == pytest.approx(expected, abs=1e-4)
    assert macro.value == pytest.approx(np.mean(expected), abs=1e-4)
    for interval in (*per_label.values(), macro):
        assert interval.low < interval.value < interval.high


def test_patients_are_resampled_not_films() -> None:
    """Three copies of each film bring no knowledge: the interval stays as wide as with one."""
    once, _ = intervals(1, 60, 1)
    thrice, _ = intervals(1, 60, 3)
    films_as_patients, _ = auroc_intervals(*draw(1, 60, 3)[:2], np.arange(180).astype(str), LABELS)
    for label in LABELS:
        width, copied, fooled = (found[label].high - found[label].low for found in (once, thrice, films_as_patients))
        assert copied == pytest.approx(width, rel=0.25)
        assert fooled < 0.75 * width


def test_more_patients_narrow_the_interval() -> None:
    _, few = intervals(2, 40, 1)
    _, many = intervals(2, 640, 1)
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_a_label_without_both_kinds_of_film_has_no_auroc_and_is_left_out_of_the_mean() -> None:
    truth, scores, names = draw(3, 60, 1)
    truth[:, 1] = 0
    per_label, macro = auroc_intervals(truth, scores, names, LABELS)
    assert list(per_label) == ["A"]
    assert macro.value == per_label["A"].value


def test_unknown_films_do_not_count() -> None:
    truth, scores, names = draw(4, 60, 1)
    truth[:20, 0] = np.nan
    per_label, _ = auroc_intervals(truth, scores, names, LABELS)
    assert per_label["A"].value == pytest.approx(roc_auc_score(truth[20:, 0], scores[20:, 0]), abs=1e-4)


def test_the_recorded_figures_are_those_of_the_shipped_graph(line: Line, predictor: Predictor) -> None:
    """Measured once more through the public path: file to Reading to scikit-learn."""
    metrics = open_bundle(line.complete).info.metrics
    assert metrics is not None and (metrics.split, metrics.pointing is not None) == ("test", True)
    manifest = read_manifest(line.data, CHEST14).split("test")
    assert metrics.films == len(manifest)
    readings = [predictor.read(path.read_bytes()) for path in manifest.paths]
    assert metrics.not_assessed == sum(reading.status == "not_assessed" for reading in readings)
    if metrics.not_assessed == 0:
        for index, label in enumerate(CHEST14.labels):
            found = [reading.findings[index].probability for reading in readings]
            assert metrics.auroc[label].value == pytest.approx(roc_auc_score(manifest.targets[:, index], found), abs=2e-4)


def test_operating_points_are_measured_but_not_moved(line: Line) -> None:
    chosen, measured = (open_bundle(folder).info.calibration for folder in (line.calibrated, line.complete))
    assert chosen is not None and measured is not None
    targets = read_manifest(line.data, CHEST14).split("test").targets
    for index, label in enumerate(CHEST14.labels):
        for point in ("rule_out", "balanced", "rule_in"):
            before, after = getattr(chosen.labels[label], point), getattr(measured.labels[label], point)
            assert (after.threshold, after.validation) == (before.threshold, before.validation)
            assert after.test.sensitivity.n == int(targets[:, index].sum())
            assert after.test.sensitivity.n + after.test.specificity.n == len(targets)


def test_the_report_folder_holds_the_same_figures(line: Line) -> None:
    metrics = open_bundle(line.complete).info.metrics
    assert metrics is not None
    report = json.loads((line.complete.parent / "report" / "metrics.json").read_text())
    assert report == metrics.model_dump(mode="json")
    assert "ECE" in (line.complete.parent / "report" / "reliability.svg").read_text()


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


def test_reliability_is_measured_before_and_after() -> None:
    """Logits four times too bold: calibrated probabilities are truer, and both errors lie in their intervals."""
    rng = np.random.default_rng(0)
    honest = rng.normal(size=(600, 1))
    truth = (rng.random((600, 1)) < 1 / (1 + np.exp(-honest))).astype(float)
    found = reliability(truth, 4 * honest, 1 / (1 + np.exp(-honest)), np.arange(600).astype(str), ("A",))["A"]
    assert found.error.value < 0.5 * found.error_before.value
    assert found.error_before.low < found.error_before.value < found.error_before.high
    assert sum(one.found.n for one in found.curve) == 600


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


def test_only_the_test_split_is_recorded(line: Line, tmp_path: Path) -> None:
    """Figures of films that decided something would flatter the model."""
    metrics = evaluate(line.calibrated, data=line.data, split="val", out=tmp_path / "out").metrics
    assert metrics is not None and metrics.split == "val"
    assert open_bundle(line.calibrated).info.metrics is None
    assert not (tmp_path / "out").exists()


def test_an_unknown_split_lists_those_there_are(line: Line) -> None:
    with pytest.raises(ManifestError, match=r"no film with split 'holdout'; it has: test, train, val"):
        evaluate(line.calibrated, data=line.data, split="holdout")


def test_what_is_not_calibrated_cannot_be_evaluated(line: Line) -> None:
    with pytest.raises(BundleError, match="overread calibrate"):
        evaluate(line.exported, data=line.data)
