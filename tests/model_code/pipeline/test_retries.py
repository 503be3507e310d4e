"""Attempts and pauses as the policies say."""

from __future__ import annotations

import pytest

from model_code.pipeline.retries import Fault, pause_before, with_retries

POLICIES = (
    {"ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"], "IntervalSeconds": 30, "BackoffRate": 2.0, "MaxAttempts": 3},
    {"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "IntervalSeconds": 900, "BackoffRate": 1.0, "ExpireAfterMin": 60},
)


def pauses(kind: str) -> list[float]:
    """Of a work that always fails."""
    slept: list[float] = []

    def work() -> None:
        raise Fault(kind, "planted")

    with pytest.raises(Fault, match="planted"):
        with_retries(work, POLICIES, clock=lambda: sum(slept), sleep=slept.append)
    return slept


def test_pauses_grow_until_the_attempts_are_used_up() -> None:
    assert pauses("Step.THROTTLING") == [30, 60, 120]


def test_a_policy_can_end_by_time() -> None:
    assert pauses("SageMaker.CAPACITY_ERROR") == [900] * 4


def test_other_failures_are_not_tried_again() -> None:
    assert pauses("SageMaker.JOB_INTERNAL_ERROR") == []
    assert pause_before(2, 0, "Step.SERVICE_FAULT", ()) is None


def test_a_fault_is_told_in_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    faults = iter([Fault("Step.THROTTLING", "no [/opt/ml] there"), None])

    def work() -> None:
        if fault := next(faults):
            raise fault

    with_retries(work, POLICIES, clock=lambda: 0.0, sleep=lambda _: None)
    assert "no [/opt/ml] there; attempt 2 in 30 s" in capsys.readouterr().err


def test_work_that_is_done_in_the_end_counts_its_attempts() -> None:
    faults = iter([Fault("Step.SERVICE_FAULT", "first"), None])

    def work() -> str:
        if fault := next(faults):
            raise fault
        return "done"

    assert with_retries(work, POLICIES, clock=lambda: 0.0, sleep=lambda _: None) == ("done", 2)
