"""Errors are DeLong's where films are patients, and the bootstrap's where patients have several."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from model_code.judging.delong import Estimate, auroc, mean_by_patient, mean_of
from model_code.judging.ranked import Ranked
from model_code.judging.resample import resamples

Array = NDArray[np.float64]


def textbook(scores: Array, positive: NDArray[np.bool_]) -> tuple[float, float]:
    """AUROC and variance by DeLong et al., Biometrics 1988, in their quadratic form."""
    pairs = np.subtract.outer(scores[positive], scores[~positive])
    wins = (pairs > 0) + 0.5 * (pairs == 0)
    of_positives, of_negatives = wins.mean(axis=1), wins.mean(axis=0)
    variance = of_positives.var(ddof=1) / len(of_positives) + of_negatives.var(ddof=1) / len(of_negatives)
    return float(wins.mean()), float(variance)


@pytest.mark.parametrize("seed", range(4))
def test_with_one_film_a_patient_it_is_the_textbooks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive, films = rng.random(90) < 0.3, np.arange(90)
    scores = np.round(rng.normal(size=90) + positive, 1)  # with ties
    found = auroc(scores, positive, films, 90)
    value, variance = textbook(scores, positive)
    assert found.value == pytest.approx(value) == pytest.approx(roc_auc_score(positive, scores))
    assert found.error**2 == pytest.approx(variance)


def test_a_difference_of_two_models_on_the_same_films_is_the_textbooks_too() -> None:
    rng = np.random.default_rng(0)
    positive, films = rng.random(120) < 0.4, np.arange(120)
    one, other = (rng.normal(size=120) + positive for _ in range(2))
    change = auroc(other, positive, films, 120) - auroc(one, positive, films, 120)

    def components(scores: Array) -> tuple[Array, Array]:
        wins = np.subtract.outer(scores[positive], scores[~positive]) > 0
        return wins.mean(axis=1), wins.mean(axis=0)

    (high, low), (higher, lower) = components(one), components(other)
    expected = (higher - high).var(ddof=1) / len(high) + (lower - low).var(ddof=1) / len(low)
    assert change.error**2 == pytest.approx(expected)


def test_with_several_films_a_patient_it_is_the_bootstraps() -> None:
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(300), 4)
    positive = np.repeat(rng.random(300) < 0.4, 4)
    shared = np.repeat(rng.normal(size=300), 4)
    one, other = (shared + 0.5 * rng.normal(size=1200) + skill * positive for skill in (1.0, 1.2))
    change = auroc(other, positive, patients, 300) - auroc(one, positive, patients, 300)
    drawn = np.concatenate([Ranked(other, positive).areas(w)[0] - Ranked(one, positive).areas(w)[0] for w in resamples(patients)])
    assert change.error == pytest.approx(drawn.std(), rel=0.1)
    as_films = auroc(other, positive, np.arange(1200), 1200) - auroc(one, positive, np.arange(1200), 1200)
    whole, alone = (auroc(one, positive, groups, count).error for groups, count in ((patients, 300), (np.arange(1200), 1200)))
    assert alone < 0.7 * whole and as_films.value == pytest.approx(change.value)


def test_a_model_against_itself_differs_by_nothing_and_surely() -> None:
    rng = np.random.default_rng(2)
    positive, scores = rng.random(50) < 0.5, rng.normal(size=50)
    same = auroc(scores, positive, np.arange(50), 50)
    change = same - same
    assert (change.value, change.error) == (0.0, 0.0)
    assert change.p_below(-0.01) == 1.0 and change.p_below(0.01) == 0.0


def test_p_values_are_the_normal_distributions() -> None:
    found = Estimate(0.0, np.array([0.6, 0.8]))  # error 1
    assert found.p_below(1.959963984540054) == pytest.approx(0.025)
    assert found.interval.low == pytest.approx(-1.96) and found.interval.high == pytest.approx(1.96)


def test_a_mean_keeps_what_its_parts_share() -> None:
    """Two labels with the same errors are no surer together; independent ones are."""
    first, second = Estimate(0.8, np.array([0.1, 0.0])), Estimate(0.6, np.array([0.0, 0.1]))
    assert mean_of([first, first]).error == pytest.approx(first.error)
    assert mean_of([first, second]).error == pytest.approx(first.error / np.sqrt(2))
    assert mean_of([first, second]).value == pytest.approx(0.7)


def test_an_area_lies_between_0_and_1() -> None:
    near = Estimate(0.99, np.array([0.02]))
    assert near.interval.high > 1 and (near.share.low, near.share.high) == (near.interval.low, 1.0)
    assert Estimate(0.01, np.array([0.02])).share.low == 0


def test_pseudo_patients_leave_the_value_and_widen_the_interval_the_less_the_more_patients_there_are() -> None:
    plain = Estimate(-0.01, np.array([0.003, 0.004]))
    few, many = plain.widened(20, 400), plain.widened(2000, 40_000)
    assert few.value == many.value == plain.value
    assert few.error**2 == pytest.approx(plain.error**2 + 0.5 * (1 / 20**2 + 1 / 400**2))
    assert many.error == pytest.approx(plain.error, rel=0.01)
    assert not few.can_show(0.03) and many.can_show(0.03) and few.can_show(0.1)
    assert mean_of([few] * 4).unseen == pytest.approx(few.unseen / 16)  # two of each kind, of any of the four


def test_a_mean_by_patient_is_not_decided_by_one_with_many_films() -> None:
    groups = np.array([0] * 90 + list(range(1, 11)))
    found = mean_by_patient(np.array([1.0] * 90 + [0.0] * 10), groups)
    assert found.value == pytest.approx(1 / 11) and found.interval.low < 0 < found.interval.high
    one_each = mean_by_patient(np.array([1.0, 0.0, 0.0, 1.0]), np.arange(4))
    assert one_each.value == 0.5 and one_each.error == pytest.approx(np.std([1, 0, 0, 1], ddof=1) / 2)


def test_one_patient_alone_is_no_reason_to_fail() -> None:
    found = auroc(np.array([0.0, 1.0]), np.array([False, True]), np.array([0, 0]), 1)
    assert (found.value, found.error) == (1.0, 0.0)
