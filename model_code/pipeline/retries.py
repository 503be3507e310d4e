"""When a step is tried again: its ``RetryPolicies``, as SageMaker applies them.

A job that failed by itself is of no kind that can be retried: it would fail again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from model_code.errors import OverreadError
from model_code.pipeline.literal import Json
from model_code.progress import console

SERVICE_FAULT: Final = "Step.SERVICE_FAULT"
"""Here: the folders could not be prepared (a full disk, too many open files)."""
INTERNAL_ERROR: Final = "SageMaker.JOB_INTERNAL_ERROR"
"""Here: somebody ended the process, such as a system that ran out of memory."""

T = TypeVar("T")


class Fault(OverreadError):
    """A failure of the surroundings."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def pause_before(attempt: int, waited: float, kind: str, policies: Sequence[Json]) -> float | None:
    """Seconds to wait before attempt number ``attempt`` (the first retry is 2), or None where no policy allows it.

    Args:
        attempt: number of the next attempt.
        waited: seconds since the first one began.
        kind: of the failure.
        policies: of the step; the first one that names the kind counts.
    """
    for policy in policies:
        if kind in policy["ExceptionType"]:
            pause = float(policy.get("IntervalSeconds", 1)) * float(policy.get("BackoffRate", 2.0)) ** (attempt - 2)
            if attempt > policy.get("MaxAttempts", float("inf")) + 1:
                return None
            expires = policy.get("ExpireAfterMin")
            return None if expires is not None and waited + pause > expires * 60 else pause
    return None


def with_retries(
    work: Callable[[], T], policies: Sequence[Json], *, clock: Callable[[], float], sleep: Callable[[float], None]
) -> tuple[T, int]:
    """Does the work until it is done or no policy allows another attempt; returns its result and the number of attempts.

    Raises:
        Fault: the last one.
    """
    began, attempt = clock(), 1
    while True:
        try:
            return work(), attempt
        except Fault as fault:
            attempt += 1
            pause = pause_before(attempt, clock() - began, fault.kind, policies)
            if pause is None:
                raise
            console.print(f"  {fault}; attempt {attempt} in {pause:.0f} s", soft_wrap=True)
            sleep(pause)
