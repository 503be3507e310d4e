"""Calibration does what its words promise: better log loss, aims that are met, errors that stay at their rate."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model_code.bundle import FILM_GATE, open_bundle
from model_code.calibrate import (
    ERROR_RATE,
    RULE_IN_SPECIFICITY,
    RULE_OUT_SENSITIVITY,
    balanced_threshold,
    calibrate,
    calibrate_label,
    conformal_limits,
    rates,
    thresholds,
)
from model_code.data.manifest import read_manifest, write_manifest
from model_code.errors import ManifestError
from model_code.tasks import CHEST14
from tests.conftest import Line

Array = NDArray[np.float64]


def scores(seed: int, count: int, *, apart: float = 1.5, share: float = 0.3) -> tuple[Array, NDArray[np.bool_]]:
    """Logits that are overconfident and shifted, with their truth; both kinds of film are there."""
    rng = np.random.default_rng(seed)
    positive = rng.random(count) < share
    positive[:2] = True, False
    return 4 * (rng.normal(size=count) + apart * positive) - 3, positive


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(4, 300), st.floats(0, 5))
def test_thresholds_meet_their_aims_where_they_were_chosen(seed: int, count: int, apart: float) -> None:
    logits, positive = scores(seed, count, apart=apart)
    probability = 1 / (1 + np.exp(-logits / 4))
    rule_out, rule_in = thresholds(probability, positive)
    assert 0 <= rule_out <= rule_in <= 1
    assert rates(rule_out, probability, positive).sensitivity.value >= RULE_OUT_SENSITIVITY
    assert rates(rule_in, probability, positive).specificity.value >= RULE_IN_SPECIFICITY


def test_rates_count_what_is_at_the_threshold_as_found() -> None:
    measured = rates(0.5, np.array([0.4, 0.5, 0.6, 0.5]), np.array([True, True, True, False]))
    assert measured.sensitivity.value == pytest.approx(2 / 3) and measured.specificity.value == 0
    assert (measured.sensitivity.n, measured.specificity.n) == (3, 1)


def test_rates_of_a_kind_that_is_not_there_are_zero() -> None:
    measured = rates(0.5, np.array([0.4]), np.array([False]))
    assert (measured.sensitivity.value, measured.sensitivity.n) == (0, 0)
    assert (measured.sensitivity.low, measured.sensitivity.high) == (0, 1)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(4, 60))
def test_the_balanced_threshold_is_the_best_there_is(seed: int, count: int) -> None:
    logits, positive = scores(seed, count)
    probability = np.round(1 / (1 + np.exp(-logits / 4)), 1)  # with ties

    def youden(threshold: float) -> float:
        measured = rates(threshold, probability, positive)
        return measured.sensitivity.value + measured.specificity.value

    best = max(youden(float(threshold)) for threshold in np.unique(probability))
    assert youden(balanced_threshold(probability, positive)) == pytest.approx(best)


@pytest.mark.parametrize("count", [30, 100])
def test_conformal_decisions_lose_the_right_answer_at_most_at_their_rate(count: int) -> None:
    """The guarantee is per class and on average over calibration draws (Vovk 2012), here over 400 draws."""
    lost: dict[bool, list[float]] = {True: [], False: []}
    for draw in range(400):
        logits, positive = scores(draw, count)
        present_from, absent_to = conformal_limits(logits, positive, ERROR_RATE)
        fresh, truth = scores(10_000 + draw, 500)
        # the limits of an impossible class are 0 and 1 on the probability scale; here minus and plus infinity
        present_from = -np.inf if present_from == 0.0 else present_from
        absent_to = np.inf if absent_to == 1.0 else absent_to
        lost[True].append(float((fresh[truth] < present_from).mean()))
        lost[False].append(float((fresh[~truth] > absent_to).mean()))
    for of_class in lost.values():
        assert np.mean(of_class) <= ERROR_RATE + 0.01
    if count == 100:
        assert np.mean(lost[False]) > ERROR_RATE / 2  # and it does not do so by never deciding


def test_with_too_few_films_nothing_is_excluded() -> None:
    probability, positive = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])
    assert conformal_limits(probability, positive, 0.1) == (0.0, 1.0)


def test_unknown_films_do_not_count() -> None:
    logits, positive = scores(0, 100)
    truth = positive.astype(float)
    names = np.arange(102).astype(str)
    expected = calibrate_label("Mass", logits, truth, names[:100])
    more = calibrate_label("Mass", np.append(logits, [50.0, -50.0]), np.append(truth, [np.nan, np.nan]), names)
    assert more == expected
    assert expected.rule_out.validation.sensitivity.n + expected.rule_out.validation.specificity.n == 100
    assert expected.rule_out.test is None


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_label_that_validation_cannot_calibrate_is_named(value: float) -> None:
    with pytest.raises(ManifestError, match=r"'Hernia' and \d+ without; calibration needs both"):
        calibrate_label("Hernia", np.zeros(5), np.full(5, value), np.arange(5).astype(str))


def test_a_calibrated_bundle_holds_every_label_and_the_gate(line: Line) -> None:
    bundle = open_bundle(line.calibrated, needs=("calibration", "film_gate"))
    calibration = bundle.info.calibration
    assert calibration is not None
    assert tuple(calibration.labels) == CHEST14.labels
    assert calibration.error_rate == ERROR_RATE
    assert (bundle.folder / FILM_GATE).is_file()
    assert bundle.info.metrics is None
    for chosen in calibration.labels.values():
        assert chosen.rule_out.threshold <= chosen.balanced.threshold <= chosen.rule_in.threshold


def manifest_with(data: Path, folder: Path, split: str) -> Path:
    """The same films, with all labels of one split turned around."""
    frame = pd.read_parquet(data / "manifest.parquet")
    rows = frame["split"] == split
    frame.loc[rows, list(CHEST14.labels)] = 1 - frame.loc[rows, list(CHEST14.labels)]
    folder.mkdir()
    (folder / "films").symlink_to(data / "films")
    return write_manifest(frame, folder)


@pytest.mark.parametrize(("split", "changes"), [("test", False), ("train", False), ("val", True)])
def test_only_the_validation_split_decides(split: str, changes: bool, line: Line, tmp_path: Path) -> None:
    manifest = manifest_with(line.data, tmp_path / "data", split)
    assert len(read_manifest(manifest, CHEST14).split("val")) > 0
    calibrated = calibrate(line.exported, data=manifest, out=tmp_path / "out")
    assert (calibrated.info.calibration != open_bundle(line.calibrated).info.calibration) == changes


def test_a_bundle_without_a_graph_cannot_be_calibrated(line: Line) -> None:
    from model_code.errors import BundleError

    with pytest.raises(BundleError, match="overread export"):
        calibrate(line.trained, data=line.data)


def test_calibration_that_fails_leaves_the_bundle_alone(line: Line, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(line.exported, tmp_path / "bundle"))
    frame = pd.read_parquet(line.data / "manifest.parquet").assign(Hernia=0)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "films").symlink_to(line.data / "films")
    write_manifest(frame, tmp_path / "data")
    with pytest.raises(ManifestError, match="Hernia"):
        calibrate(folder, data=tmp_path / "data")
    assert open_bundle(folder).sha256 == open_bundle(line.exported).sha256
