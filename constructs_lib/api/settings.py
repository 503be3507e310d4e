"""What an environment decides about its API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from constructs_lib.errors import ConfigurationError, require_range

MOST_AT_ONCE: Final = 800
"""Leaves room for the platform's other functions, which reserve some 30."""


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """A ``private`` API is reached from the environment's network alone (and from what is connected to it)."""

    private: bool
    requests_per_second: int
    """Of all callers together; beyond it, and beyond a burst, the gateway answers 429."""
    burst: int
    daily_quota: int
    """Requests a day of one machine's key."""

    def __post_init__(self) -> None:
        require_range(
            "requests_per_second", self.requests_per_second, 1, MOST_AT_ONCE, advice="a clinic makes fewer than one a second"
        )
        # as many calls of one function are reserved, and no account lends out its last 100 (of 1000, until AWS allows it more)
        require_range("burst", self.burst, 1, MOST_AT_ONCE, advice="how many may come at the same moment")
        require_range("daily_quota", self.daily_quota, 1, 10_000_000, advice="what one machine may ask in a day")
        if self.burst < self.requests_per_second:
            raise ConfigurationError(
                f"burst is {self.burst} and requests_per_second {self.requests_per_second}; allowed: a burst of at least one "
                "second's requests; raise burst"
            )

    @property
    def requests_per_address(self) -> int:
        """In five minutes; beyond it the firewall blocks one address. A hospital may stand behind a single one."""
        return max(100, 300 * self.requests_per_second)
