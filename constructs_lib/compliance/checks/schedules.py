"""Schedules, which EventBridge refuses at deployment when they are written wrongly, and which no judge of templates reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from constructs_lib.compliance.checks.rule import Rule, literal
from constructs_lib.compliance.checks.synthesized import Assembly, Resource, many

PLACES: Final[dict[str, tuple[str, ...]]] = {
    "AWS::Events::Rule": ("ScheduleExpression",),
    "AWS::Scheduler::Schedule": ("ScheduleExpression",),
    "AWS::SageMaker::MonitoringSchedule": ("MonitoringScheduleConfig", "ScheduleConfig", "ScheduleExpression"),
}
SCALING: Final = "AWS::ApplicationAutoScaling::ScalableTarget"
BACKUP: Final = "AWS::Backup::BackupPlan"

MONTHS: Final = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
DAYS: Final = "SUN|MON|TUE|WED|THU|FRI|SAT"
RATE: Final = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)")
AT: Final = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")


def _field(value: str, *, also: str = "") -> re.Pattern[str]:
    one = rf"({value})(-({value}))?(/\d+)?"
    return re.compile(rf"\*(/\d+)?|({one})(,{one})*{f'|{also}' if also else ''}", re.IGNORECASE)


FIELDS: Final = (
    ("minutes", _field(r"[0-5]?\d")),
    ("hours", _field(r"[01]?\d|2[0-3]")),
    ("day of month", _field(r"0?[1-9]|[12]\d|3[01]", also=r"\?|L(-\d+)?|LW|\d+W")),
    ("month", _field(rf"0?[1-9]|1[0-2]|{MONTHS}")),
    ("day of week", _field(rf"[1-7]|{DAYS}", also=rf"\?|L|([1-7]|{DAYS})L|([1-7]|{DAYS})#[1-5]")),
    ("year", _field(r"(19[7-9]|20\d|21\d)\d")),
)


def refusal(expression: str) -> str | None:
    """Why AWS would refuse a schedule, or None. ``rate(N unit)``, ``at(time)``, ``cron(six fields)``."""
    if RATE.fullmatch(expression) or AT.fullmatch(expression):
        return None
    if expression.startswith("rate("):
        return "a rate is a number from 1 and minute(s), hour(s) or day(s), in the singular for 1 alone"
    fields = expression[len("cron(") : -1].split()
    if not (expression.startswith("cron(") and expression.endswith(")") and len(fields) == len(FIELDS)):
        return "it is neither rate(…) nor at(…) nor cron(…) of six fields"
    for (name, pattern), value in zip(FIELDS, fields, strict=True):
        if not pattern.fullmatch(value):
            return f"its {name} is '{value}'"
    return None if (fields[2] == "?") != (fields[4] == "?") else "one of day of month and day of week has to be ?, the other not"


def _understood(resource: Resource, _: Assembly) -> list[str] | None:
    found = list(_expressions(resource))
    reasons = [(expression, refusal(expression)) for expression in found]
    wrong = [f"'{expression}' is refused: {reason}" for expression, reason in reasons if reason]
    return wrong if found else None


def _expressions(resource: Resource) -> Iterator[str]:
    values: list[Any] = []
    if resource.type == SCALING:
        values = [action.get("Schedule") for action in many(resource.get("ScheduledActions"))]
    elif resource.type == BACKUP:
        values = [rule.get("ScheduleExpression") for rule in many(resource.get("BackupPlan", "BackupPlanRule"))]
    else:
        values = [resource.get(*PLACES[resource.type])]
    yield from (value for value in values if value is not None and literal(value))


RULES: Final = (
    Rule(
        "ScheduleUnderstood",
        "Schedules are written as EventBridge understands them, so that what has to happen regularly does.",
        ("164.308(a)(8)", "164.308(a)(1)(ii)(D)"),
        (*PLACES, SCALING, BACKUP),
        _understood,
    ),
)
