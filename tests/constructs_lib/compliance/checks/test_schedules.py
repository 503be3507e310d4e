from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.compliance.checks.schedules import refusal
from tests.constructs_lib.compliance.checks.cases import complies, said

GOOD = [
    "rate(1 hour)",
    "rate(15 minutes)",
    "at(2027-01-31T08:00:00)",
    "cron(0 3 1 * ? *)",
    "cron(0/15 8-17 ? * MON-FRI *)",
    "cron(30 6 ? JAN,JUL MON#1 2027)",
    "cron(0 0 L * ? *)",
]
BAD = [
    ("rate(1 hours)", "singular for 1 alone"),
    ("rate(2 hour)", "singular for 1 alone"),
    ("rate(0 minutes)", "a number from 1"),
    ("cron(every day at noon)", "of six fields"),
    ("cron(every day at noon on Monday)", "its minutes is 'every'"),
    ("daily", "neither rate"),
    ("cron(0 3 * * *)", "of six fields"),
    ("cron(0 3 * * * *)", "has to be ?"),
    ("cron(0 3 ? * ? *)", "has to be ?"),
    ("cron(60 3 1 * ? *)", "its minutes is '60'"),
    ("cron(0 24 1 * ? *)", "its hours is '24'"),
    ("cron(0 3 32 * ? *)", "its day of month is '32'"),
    ("cron(0 3 1 13 ? *)", "its month is '13'"),
    ("cron(0 3 ? * 0 *)", "its day of week is '0'"),
]
PLACES: list[tuple[str, Any]] = [
    ("AWS::Events::Rule", lambda text: {"ScheduleExpression": text}),
    ("AWS::Scheduler::Schedule", lambda text: {"ScheduleExpression": text}),
    ("AWS::ApplicationAutoScaling::ScalableTarget", lambda text: {"ScheduledActions": [{"Schedule": text}]}),
    ("AWS::Backup::BackupPlan", lambda text: {"BackupPlan": {"BackupPlanRule": [{"ScheduleExpression": text}]}}),
]


@pytest.mark.parametrize("expression", GOOD)
def test_what_eventbridge_understands(expression: str) -> None:
    assert refusal(expression) is None


@pytest.mark.parametrize(("expression", "reason"), BAD)
def test_what_it_refuses(expression: str, reason: str) -> None:
    assert reason in str(refusal(expression))


@pytest.mark.parametrize(("kind", "properties"), PLACES)
def test_schedules_are_read_wherever_they_stand(kind: str, properties: Any) -> None:
    assert complies("ScheduleUnderstood", kind, properties("rate(1 hour)"))
    assert said("ScheduleUnderstood", kind, properties("rate(1 hours)"))


def test_a_rule_for_events_has_no_schedule() -> None:
    assert said("ScheduleUnderstood", "AWS::Events::Rule", {"EventPattern": {}}) is None
