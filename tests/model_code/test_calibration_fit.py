"""Curves make probabilities true, never turn a ranking around, and the choice among them falls on films that were not fitted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from model_code import calibration_fit
from model_code.bundle_info import Isotonic, Sigmoid
from model_code.calibration_curve import probability_of
from model_code.calibration_fit import CANDIDATES, choose, isotonic, platt, temperature
from tests.model_code.test_calibrate import scores

Array = NDArray[np.float64]
Fit = Callable[[Array, NDArray[np.bool_]], Sigmoid | Isotonic]
FITS = [*CANDIDATES.values()]


def names(count: int) -> NDArray[np.str_]:
    return np.arange(count).astype(str)


def bent(seed: int, count: int) -> tuple[Array, NDArray[np.bool_]]:
    """Logits whose truth follows no sigmoid: flat, a jump, flat."""
    rng = np.random.default_rng(seed)
    logits = rng.uniform(-6, 6, count)
    return logits, rng.random(count) < np.where(logits < 1, 0.15, 0.65)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("seed", range(3))
def test_every_curve_improves_the_log_loss(seed: int, fit: Fit) -> None:
    logits, positive = scores(seed, 400)
    raw = log_loss(positive, 1 / (1 + np.exp(-logits)))
    assert log_loss(positive, probability_of(fit(logits, positive), logits)) < raw


@pytest.mark.parametrize("fit", [platt, isotonic])
def test_probabilities_are_true_on_other_films(fit: Fit) -> None:
    curve = fit(*scores(0, 4000))
    logits, positive = scores(1, 4000)
    probability = probability_of(curve, logits)
    assert probability.mean() == pytest.approx(positive.mean(), abs=0.02)
    for low in (0.0, 0.2, 0.4, 0.6):
        among = (probability >= low) & (probability < low + 0.2)
        assert probability[among].mean() == pytest.approx(positive[among].mean(), abs=0.08)


@pytest.mark.parametrize("fit", FITS)
@settings(deadline=None, derandomize=True, max_examples=30)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 80), turned=st.booleans())
def test_no_curve_turns_a_ranking_around_or_is_ever_certain(fit: Fit, seed: int, count: int, turned: bool) -> None:
    logits, positive = scores(seed, count)
    curve = fit(-logits if turned else logits, positive)
    probability = probability_of(curve, np.linspace(-40, 40, 400))
    assert (np.diff(probability) >= 0).all()
    within = probability_of(curve, logits)
    assert np.isfinite(within).all() and within.min() >= 0 and within.max() <= 1
    if isinstance(curve, Isotonic):
        assert curve.probabilities[0] > 0 and curve.probabilities[-1] < 1


@pytest.mark.parametrize("fit", FITS)
def test_curves_stay_finite_where_a_label_is_separated(fit: Fit) -> None:
    positive = np.arange(20) >= 10
    logits = np.where(positive, 3.0, -3.0)
    probability = probability_of(fit(logits, positive), logits)
    assert ((probability > 0) & (probability < 1)).all()
    assert probability[positive].min() > 0.8 and probability[~positive].max() < 0.2


def test_a_sigmoid_does_not_overflow() -> None:
    curve = Sigmoid(kind="sigmoid", slope=1e4, intercept=0)
    assert probability_of(curve, np.array([-1e30, 0.0, 1e30])).tolist() == [0, 0.5, 1]


def test_films_that_differ_keep_different_probabilities_between_the_ends() -> None:
    logits, positive = scores(0, 400)
    curve = isotonic(logits, positive)
    inner = np.sort(logits[(logits > curve.logits[0]) & (logits < curve.logits[-1])])
    assert (np.diff(probability_of(curve, inner)) > 0).all()


def test_the_richer_curve_is_chosen_where_no_sigmoid_fits_and_the_simplest_where_one_does() -> None:
    curve, losses = choose(*bent(0, 3000), names(3000))
    assert isinstance(curve, Isotonic)
    assert losses["isotonic"] < min(losses["platt"], losses["temperature"])

    rng = np.random.default_rng(0)
    logits = 4 * rng.normal(size=3000)
    stretched, _ = choose(logits, rng.random(3000) < 1 / (1 + np.exp(-logits / 4)), names(3000))
    assert isinstance(stretched, Sigmoid) and stretched.intercept == 0
    assert stretched.slope == pytest.approx(0.25, abs=0.03)


def test_a_patient_is_not_both_fitted_and_judged_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty patients with five films each: a fit sees all films of a patient, or none."""
    logits, positive = scores(0, 40)
    seen: list[Array] = []

    def spy(logits: Array, positive: NDArray[np.bool_]) -> Sigmoid:
        seen.append(logits)
        return platt(logits, positive)

    monkeypatch.setattr(calibration_fit, "CANDIDATES", {"platt": spy})
    choose(np.repeat(logits, 5), np.repeat(positive, 5), np.repeat(names(40), 5))

    *folds, everything = seen
    assert len(folds) == calibration_fit.FOLDS and len(everything) == 200
    for fitted in folds:
        assert 0 < len(fitted) < 200
        assert set(np.unique(fitted, return_counts=True)[1]) == {5}


def test_with_too_few_films_to_compare_it_is_platts() -> None:
    logits, positive = scores(0, 12, share=0.1)
    curve, losses = choose(logits, positive, names(12))
    assert losses == {} and curve == platt(logits, positive)


def test_the_same_films_always_give_the_same_curve() -> None:
    logits, positive = scores(5, 300)
    assert choose(logits, positive, names(300)) == choose(logits, positive, names(300))


def test_temperature_has_no_shift() -> None:
    assert temperature(*scores(0, 100)).intercept == 0
