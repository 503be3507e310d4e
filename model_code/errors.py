"""What can go wrong, as types. Every message is one line for a person: what was wrong, the value, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable


class OverreadError(Exception):
    """The work failed for a reason that a person can mend; the command ends with exit code 1 and this one line."""


class UsageError(OverreadError):
    """The request itself was wrong (an unknown name, a value out of range); exit code 2."""


class ManifestError(OverreadError):
    """A manifest that must not be trained on."""


class BundleError(OverreadError):
    """A bundle that is incomplete, altered or not meant for this use."""


class ImageError(OverreadError):
    """An image that gives no answer. ``code`` is stable; the text is for people and holds nothing of the file's content."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def unknown(what: str, value: str, allowed: Iterable[str]) -> UsageError:
    """The error for a name that is not on a list."""
    return UsageError(f"unknown {what} '{value}'; choose one of: {', '.join(allowed)}")
