"""Whether a training run may start now. Pure: the workflow brings the facts, and everything is answered from them.

A fact that is missing holds the run back: money that nobody can see is not spent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Answer = dict[str, Any]

UNDER_WAY: Final = ("Executing", "Stopping")
MONTH: Final = timedelta(days=30)


def handler(event: Mapping[str, Any], _context: object) -> Answer:
    """``{"now", "runs": answer of ListPipelineExecutions, "budget": {…}, "rules": {…}}`` → ``{"allowed", "reason"}``."""
    runs = event["runs"].get("PipelineExecutionSummaries", [])  # an answer may leave out what is empty
    reason = why_not(event["now"], runs, event["budget"], event["rules"])
    return {"allowed": reason is None, "reason": reason or "within the rules"}


def why_not(now: Any, runs: list[Mapping[str, Any]], budget: Mapping[str, Any], rules: Mapping[str, int]) -> str | None:
    """The first rule that forbids it, or None."""
    return (
        _one_at_a_time(runs)
        or _cooling_down(runs, _time(now), rules["cooldown_days"])
        or _too_many(runs, _time(now), rules["runs_in_30_days"])
        or _too_dear(budget, rules["expected_run_usd"])
    )


def _one_at_a_time(runs: list[Mapping[str, Any]]) -> str | None:
    return "a training run is under way" if any(run["PipelineExecutionStatus"] in UNDER_WAY for run in runs) else None


def _cooling_down(runs: list[Mapping[str, Any]], now: datetime, days: int) -> str | None:
    started = [_time(run["StartTime"]) for run in runs if run["PipelineExecutionStatus"] == "Succeeded"]
    until = max(started, default=datetime.min.replace(tzinfo=UTC)) + timedelta(days=days)
    return f"the last model is younger than {days} days; not before {until:%Y-%m-%d %H:%M} UTC" if now < until else None


def _too_many(runs: list[Mapping[str, Any]], now: datetime, most: int) -> str | None:
    recent = sum(_time(run["StartTime"]) > now - MONTH for run in runs)
    return f"{recent} runs were started within 30 days; allowed: {most}" if recent >= most else None


def _too_dear(budget: Mapping[str, Any], expected_usd: int) -> str | None:
    """Amounts come as text."""
    try:
        limit = float(budget["BudgetLimit"]["Amount"])
        spent = float(budget["CalculatedSpend"]["ActualSpend"]["Amount"])
    except (KeyError, ValueError):
        return "the budget has no figure for this month yet; it gets one within a day"
    if spent + expected_usd <= limit:
        return None
    return f"{spent:.0f} of {limit:.0f} USD are spent this month; a run costs about {expected_usd}"


def _time(value: Any) -> datetime:
    """As workflows hand it on: ISO 8601 as text; seconds since 1970 too, as some services write it."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    time = datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
