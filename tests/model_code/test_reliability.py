from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from model_code.bundle_info import Interval, Reliability
from model_code.reliability import BINS, calibration_error, reliability_curve, reliability_picture


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
