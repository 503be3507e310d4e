"""How common findings are where films are read: it turns an operating point's rates into predictive values."""

from __future__ import annotations

import json
from pathlib import Path

from model_code.errors import UsageError


def read_prevalence(file: Path, labels: tuple[str, ...]) -> dict[str, float]:
    """Shares by label from a JSON file such as ``{"Effusion": 0.12}``; labels that it does not name stay without.

    Raises:
        UsageError: no such file, not such JSON, a label that the model does not have, a share outside of 0 to 1.
    """
    how = 'give a JSON file such as {"' + labels[0] + '": 0.12}'
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no '{file}'; {how}") from None
    except (OSError, ValueError):
        raise UsageError(f"'{file}' is not JSON that can be read; {how}") from None
    if not isinstance(given, dict):
        raise UsageError(f"'{file}' does not hold an object; {how}")
    for label, value in given.items():
        if label not in labels:
            raise UsageError(f"'{file}' names '{label}', which is none of the model's labels: {', '.join(labels)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise UsageError(f"'{file}' gives {label} the prevalence {value!r}; it is a share between 0 and 1, without them")
    return {label: float(value) for label, value in given.items()}


def predictive_values(sensitivity: float, specificity: float, prevalence: float) -> tuple[float | None, float | None]:
    """Positive and negative predictive value by Bayes' theorem; None where such an answer never comes."""
    found, alarmed = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    left, missed = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
    return (
        found / (found + alarmed) if found + alarmed > 0 else None,
        left / (left + missed) if left + missed > 0 else None,
    )
