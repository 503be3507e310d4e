from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.errors import ConfigurationError
from constructs_lib.workflows.retraining_rules import RetrainingRules


@pytest.mark.parametrize("schedule", ["cron(0 3 1 * ? *)", "cron(30 22 ? JAN-DEC/3 SUN#1 *)", "rate(7 days)", "rate(1 day)"])
def test_a_schedule_that_aws_takes(schedule: str) -> None:
    assert RetrainingRules(expected_run_usd=20, schedule=schedule).schedule == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 hours)",
        "rate(2 day)",
        "rate(0 days)",
        "every month",
        "cron(daily)",
        "cron(0 3 * * * *)",
        "cron(0 3 1 * ?)",
        "cron(0 25 1 * ? *)",
        "",
    ],
)
def test_a_schedule_that_aws_would_refuse_at_deployment_is_refused_before(schedule: str) -> None:
    with pytest.raises(ConfigurationError, match=r"schedule is '.*': .*; write cron\(minutes hours day month weekday year\)"):
        RetrainingRules(expected_run_usd=20, schedule=schedule)


@pytest.mark.parametrize(
    ("figure", "value"),
    [("cooldown_days", 0), ("cooldown_days", 91), ("runs_in_30_days", 0), ("max_hours", 121), ("expected_run_usd", 0)],
)
def test_a_figure_without_sense_is_refused(figure: str, value: int) -> None:
    figures: dict[str, Any] = {"expected_run_usd": 20, figure: value}
    with pytest.raises(ConfigurationError, match=rf"{figure} is {value}; allowed: 1 to"):
        RetrainingRules(**figures)
