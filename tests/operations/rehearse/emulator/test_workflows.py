"""Keys are spelt as Step Functions spells them, and waits are short."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from operations.rehearse.emulator.workflows import LONGEST_WAIT_SECONDS, _wait, recased


def test_keys_change_their_first_letter_at_every_depth_and_values_do_not() -> None:
    value = {"executions": [{"executionArn": "arn", "inputDetails": {"included": True}}]}

    great = recased(value, str.upper)

    assert great == {"Executions": [{"ExecutionArn": "arn", "InputDetails": {"Included": True}}]}
    assert recased(great, str.lower) == value


@pytest.mark.parametrize(("asked", "waited"), [(3600, LONGEST_WAIT_SECONDS), (0, 0)])
def test_no_wait_is_long(asked: int, waited: float) -> None:
    seen: list[float] = []

    _wait(None, SimpleNamespace(program_state_event=SimpleNamespace(wait=seen.append)), asked)  # type: ignore[arg-type]

    assert seen == [waited]
