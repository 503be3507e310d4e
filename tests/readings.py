"""Readings for tests that need none of a model's."""

from __future__ import annotations

from typing import Any

from model_code.reading import Finding, Model, Point, Reading, Reason


def reading(*findings: tuple[str, float, str], reasons: tuple[tuple[str, str], ...] = ()) -> Reading:
    """A Reading of findings (label, probability, decision), or of a film that was not assessed for reasons (code, detail).

    It holds what a report says, and is not validated: operating points and timing are left out.
    """
    parts: dict[str, Any] = {
        "task": "chest14",
        "model": Model(name="chest14-densenet121", version="1.2.3", sha256="ab" * 32),
        "status": "not_assessed" if reasons else "read",
        "reasons": tuple(_part(Reason, code=code, detail=detail) for code, detail in reasons),
        "findings": tuple(
            _part(Finding, label=label, probability=probability, decision=decision, peak=Point(x=0.25, y=0.5))
            for label, probability, decision in findings
        ),
        "notice": "Research use only.",
    }
    return Reading.model_construct(**parts)


def _part(kind: Any, **values: Any) -> Any:
    return kind.model_construct(**values)
