from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from model_code.bundle_info import Interval, Reliability
from model_code.reliability import BINS, calibration_error, reliability, reliability_curve, reliability_picture


def films(count: int, *, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """What was said, and what is: true but for the shift."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.05, 0.75, count)
    return truth + shift, rng.random(count) < truth


def test_the_error_of_true_probabilities_vanishes_and_that_of_shifted_ones_is_the_shift() -> None:
    assert calibration_error(*films(100_000)) < 0.01
    assert calibration_error(*films(100_000, shift=0.2)) == pytest.approx(0.2, abs=0.01)


def test_the_error_is_the_curves_own_gap() -> None:
    said, positive = films(500)
    curve = reliability_curve(said, positive)
    gaps = sum(abs(one.said - one.found.value) * one.found.n for one in curve) / 500
    assert calibration_error(said, positive) == pytest.approx(gaps, abs=1e-3)


def test_groups_hold_about_as_many_films_each_and_all_of_them() -> None:
    curve = reliability_curve(*films(503))
    assert len(curve) == BINS and sum(one.found.n for one in curve) == 503
    assert max(one.found.n for one in curve) - min(one.found.n for one in curve) <= 1
    assert [one.said for one in curve] == sorted(one.said for one in curve)


def test_a_few_films_have_as_many_groups() -> None:
    assert len(reliability_curve(*films(3))) == 3


def test_the_picture_shows_every_label_and_is_well_formed() -> None:
    error = Interval(value=0.03, low=0.01, high=0.05)
    shown = Reliability(error_before=error, error=error, curve=reliability_curve(*films(200)))
    picture = ElementTree.fromstring(reliability_picture({f"Label_{index}": shown for index in range(7)}))
    texts = [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if "ECE" in text] == [f"Label {index}: ECE 0.030" for index in range(7)]
    assert len(list(picture.iter("{http://www.w3.org/2000/svg}circle"))) == 7 * BINS


def test_reliability_is_measured_before_and_after() -> None:
    """Logits four times too bold: calibrated probabilities are truer, and both errors lie in their intervals."""
    rng = np.random.default_rng(0)
    honest = rng.normal(size=(600, 1))
    truth = (rng.random((600, 1)) < 1 / (1 + np.exp(-honest))).astype(float)
    found = reliability(truth, 4 * honest, 1 / (1 + np.exp(-honest)), np.arange(600).astype(str), ("A",))["A"]
    assert found.error.value < 0.5 * found.error_before.value
    assert found.error_before.low < found.error_before.value < found.error_before.high
    assert sum(one.found.n for one in found.curve) == 600


def test_an_interval_is_that_of_a_resample_of_patients() -> None:
    """Against the plain way: draw patients, put their films together, measure; groups of films stay as they are on the whole."""
    rng = np.random.default_rng(3)
    said = rng.random(200)
    truth = (rng.random(200) < said**2).astype(float)
    patients = np.repeat(np.arange(50), 4)
    found = reliability(truth[:, None], said[:, None], said[:, None], patients, ("A",))["A"].error
    group = np.argsort(np.argsort(said)) * BINS // 200
    errors = []
    for _ in range(600):
        rows = np.concatenate([np.arange(4) + 4 * pick for pick in rng.integers(50, size=50)])
        errors.append(np.abs(np.bincount(group[rows], (said - truth)[rows], minlength=BINS)).sum() / 200)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(errors, (2.5, 97.5))), abs=0.02)
