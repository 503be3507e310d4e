"""What can be wrong with a configuration, as a type. Messages: what was wrong, the value, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable


class ConfigurationError(ValueError):
    """The platform was asked for something that AWS refuses or that would not be safe; nothing was synthesized."""


def require_one_of(what: str, value: object, allowed: Iterable[object], advice: str) -> None:
    """Raises:
    ConfigurationError: ``value`` is not among ``allowed``; ``advice`` says what to do about it.
    """
    choices = list(allowed)
    if value not in choices:
        raise ConfigurationError(f"unknown {what} '{value}'; allowed: {', '.join(map(str, choices))}; {advice}")


def require_range(what: str, value: int, low: int, high: int, *, step: int = 1, advice: str) -> None:
    """Raises:
    ConfigurationError: ``value`` is not one of ``low``, ``low + step``, … ``high``.
    """
    if not low <= value <= high or (value - low) % step:
        steps = f" in steps of {step}" if step > 1 else ""
        raise ConfigurationError(f"{what} is {value}; allowed: {low} to {high}{steps}; {advice}")
