from __future__ import annotations

import json
from typing import Any

import pytest

from model_code.lambdas.retraining_brake import handler

NOW = "2027-03-31T12:00:00.000Z"
RULES = {"cooldown_days": 7, "runs_in_30_days": 3, "expected_run_usd": 50}


def run(status: str, started: str | float) -> dict[str, Any]:
    return {"PipelineExecutionStatus": status, "StartTime": started}


def budget(spent: str, limit: str = "500") -> dict[str, Any]:
    return {"BudgetLimit": {"Amount": limit}, "CalculatedSpend": {"ActualSpend": {"Amount": spent}}}


def ask(*runs: dict[str, Any], spent: dict[str, Any] | None = None) -> tuple[bool, str]:
    facts = {
        "now": NOW,
        "runs": {"PipelineExecutionSummaries": list(runs)} if runs else {},
        "budget": spent or budget("0"),
        "rules": RULES,
    }
    answer = handler(facts, None)
    assert json.loads(json.dumps(answer)) == answer
    return answer["allowed"], answer["reason"]


def test_the_first_run_of_all_may_start() -> None:
    assert ask() == (True, "within the rules")


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_one_at_a_time(status: str) -> None:
    assert ask(run(status, "2027-01-01T00:00:00Z")) == (False, "a training run is under way")


def test_a_model_younger_than_the_cool_down_stays() -> None:
    allowed, reason = ask(run("Succeeded", "2027-03-24T12:00:01Z"))

    assert not allowed
    assert reason == "the last model is younger than 7 days; not before 2027-03-31 12:00 UTC"


def test_at_the_end_of_the_cool_down_it_may_start() -> None:
    assert ask(run("Succeeded", "2027-03-24T12:00:00Z"))[0]


def test_the_youngest_model_counts_whatever_the_order() -> None:
    old, young = run("Succeeded", "2027-01-01T00:00:00Z"), run("Succeeded", "2027-03-30T00:00:00Z")

    assert ask(old, young) == ask(young, old)
    assert not ask(old, young)[0]


def test_a_run_that_failed_needs_no_cool_down() -> None:
    assert ask(run("Failed", "2027-03-31T11:00:00Z"))[0]


def test_runs_that_failed_cost_as_much_as_others() -> None:
    allowed, reason = ask(*[run("Failed", "2027-03-30T00:00:00Z")] * 3)

    assert (allowed, reason) == (False, "3 runs were started within 30 days; allowed: 3")


def test_runs_older_than_30_days_are_forgotten() -> None:
    assert ask(*[run("Failed", "2027-03-01T11:59:59Z")] * 3)[0]


@pytest.mark.parametrize(("spent", "allowed"), [("450", True), ("450.01", False), ("1000", False)])
def test_the_run_must_fit_into_the_month(spent: str, allowed: bool) -> None:
    assert ask(spent=budget(spent))[0] is allowed


@pytest.mark.parametrize("unknown", [{"BudgetLimit": {"Amount": "500"}}, {"CalculatedSpend": {}}, budget("much")])
def test_what_nobody_can_see_is_not_spent(unknown: dict[str, Any]) -> None:
    assert ask(spent=unknown) == (False, "the budget has no figure for this month yet; it gets one within a day")


def test_times_may_be_numbers_and_may_lack_a_zone() -> None:
    assert not ask(run("Succeeded", 1806400000.5))[0]  # 2027-03-30
    assert not ask(run("Succeeded", "2027-03-30T00:00:00"))[0]
