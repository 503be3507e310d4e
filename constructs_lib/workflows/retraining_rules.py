"""When a model may be trained again without a person who asks: often enough to follow its patients, seldom enough to pay for."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.compliance.checks.schedules import refusal
from constructs_lib.errors import ConfigurationError, require_range


@dataclass(frozen=True, kw_only=True)
class RetrainingRules:
    """The brake's figures, and the schedule (UTC).

    Raises:
        ConfigurationError: a figure that makes no sense, or a schedule that AWS refuses.
    """

    expected_run_usd: int
    """What one run costs (``make cost``): it must still fit into the month's budget."""
    cooldown_days: int = 7
    """After a run that succeeded."""
    runs_in_30_days: int = 4
    """All that were started, failed ones too: they cost as much."""
    max_hours: int = 72
    """After which a run is stopped: spot machines may keep one waiting for a day."""
    schedule: str = "cron(0 3 1 * ? *)"
    """Once a month; the films of a month are a change worth a night."""

    def __post_init__(self) -> None:
        require_range("expected_run_usd", self.expected_run_usd, 1, 100_000, advice="`make cost` estimates a run")
        require_range("cooldown_days", self.cooldown_days, 1, 90, advice="7 lets the monitor see the new model first")
        require_range("runs_in_30_days", self.runs_in_30_days, 1, 30, advice="4 is one a week")
        require_range("max_hours", self.max_hours, 1, 120, advice="72 covers a day of training and a day of waiting for spot")
        reason = refusal(self.schedule)
        if reason:
            raise ConfigurationError(
                f"schedule is '{self.schedule}': {reason}; write cron(minutes hours day month weekday year) or rate(7 days)"
            )
