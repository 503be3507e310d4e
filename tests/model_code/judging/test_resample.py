"""Resamples draw patients with replacement: every film of a patient counts as often as the patient was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.judging import resample
from model_code.judging.resample import fewest_groups, interval, mean_where_defined, resamples

GROUPS = np.array(["b", "a", "a", "c", "b"])


def test_films_of_one_patient_weigh_the_same_and_patients_are_drawn_as_often_as_there_are() -> None:
    weights = np.concatenate(list(resamples(GROUPS)), axis=1)
    assert weights.shape == (5, resample.BOOTSTRAPS)
    assert (weights[1] == weights[2]).all() and (weights[0] == weights[4]).all()
    assert (weights[0] + weights[1] + weights[3] == 3).all()
    assert weights.mean(axis=1) == pytest.approx(np.ones(5), abs=0.1)


def test_they_are_always_the_same_whatever_the_patients_are_called() -> None:
    first, again = (np.concatenate(list(resamples(groups)), axis=1) for groups in (GROUPS, np.array([1, 0, 0, 2, 1])))
    assert (first == again).all()


def test_blocks_add_up_where_they_do_not_divide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resample, "BOOTSTRAPS", 25)
    monkeypatch.setattr(resample, "BLOCK", 10)
    assert [weights.shape[1] for weights in resamples(GROUPS)] == [10, 10, 5]


def test_an_interval_leaves_out_what_is_not_defined() -> None:
    found = interval(0.5, np.array([np.nan, *np.linspace(0, 1, 1001)]))
    assert (found.value, found.low, found.high) == (0.5, 0.025, 0.975)
    assert interval(0.5, np.array([np.nan])).low == 0.5


def test_means_leave_out_what_is_not_defined() -> None:
    found = mean_where_defined(np.array([[1.0, np.nan, 2.0], [3.0, np.nan, np.nan]]))
    assert found[[0, 2]] == pytest.approx([2.0, 2.0]) and np.isnan(found[1])


def test_few_patients_are_few_however_many_films_they_have() -> None:
    positive = np.array([True, True, False, False, True])
    assert fewest_groups(GROUPS, positive) == 2
    assert fewest_groups(np.zeros(5), positive) == 1
    assert fewest_groups(GROUPS, np.zeros(5, bool)) == 0
