"""A rule reaches a function only where the function's policy lets it."""

from __future__ import annotations

from typing import Any

import pytest

from operations.rehearse.emulator.events import may_invoke

RULE = "arn:aws:events:us-east-1:123456789012:rule/films"


def policy(**changes: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, **changes}
    return {"Statement": [statement]}


@pytest.mark.parametrize(
    "given",
    [
        policy(),
        policy(Principal="events.amazonaws.com"),
        policy(Condition={"ArnLike": {"AWS:SourceArn": RULE}}),
        policy(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/*"}}),
    ],
)
def test_let(given: dict[str, Any]) -> None:
    assert may_invoke(given, RULE)


@pytest.mark.parametrize(
    "given",
    [
        {},
        policy(Effect="Deny"),
        policy(Principal={"Service": "s3.amazonaws.com"}),
        policy(Condition={"ArnLike": {"AWS:SourceArn": f"{RULE}-other"}}),
    ],
)
def test_not_let(given: dict[str, Any]) -> None:
    assert not may_invoke(given, RULE)
