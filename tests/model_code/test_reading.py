"""The Reading's schema holds what its readers rely on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from model_code.reading import Point, Reading


def reading(**changes: Any) -> dict[str, Any]:
    return {
        "schema": "overread.reading/1",
        "id": "1",
        "task": "chest14",
        "model": {"name": "m", "version": "1", "sha256": "0"},
        "status": "not_assessed",
        "reasons": [{"code": "unreadable", "detail": "the file holds no bytes"}],
        "findings": [],
        "image": None,
        "timing_ms": {"decode": 0, "model": 0, "total": 0},
        "notice": "",
        **changes,
    }


def test_the_json_schema_names_every_key_by_its_alias() -> None:
    schema = Reading.model_json_schema()
    assert set(schema["properties"]) == set(reading()) == set(schema["required"])
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "change",
    [{"schema": "overread.reading/2"}, {"status": "maybe"}, {"reasons": [{"code": "tired", "detail": ""}]}, {"patient": "x"},
     {"timing_ms": {"decode": float("nan"), "model": 0, "total": 0}}],
    ids=str,
)  # fmt: skip
def test_what_is_not_in_the_schema_is_refused(change: dict[str, Any]) -> None:
    Reading.model_validate(reading())
    with pytest.raises(ValidationError):
        Reading.model_validate(reading(**change))


@pytest.mark.parametrize(("x", "y"), [(-0.1, 0.5), (0.5, 1.1)])
def test_places_are_fractions(x: float, y: float) -> None:
    with pytest.raises(ValidationError):
        Point(x=x, y=y)
