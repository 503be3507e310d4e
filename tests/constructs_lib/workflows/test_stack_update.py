from __future__ import annotations

from constructs_lib.workflows.stack_update import stack_update
from tests.infra import Json


def update() -> dict[str, Json]:
    return stack_update("Update", stack="overread-test-endpoint", then="Done", failed="Failed")


def test_two_updates_fit_into_one_workflow() -> None:
    other = stack_update("Restore", stack="overread-test-endpoint", then="Done", failed="Failed")

    assert not update().keys() & other.keys()
    inner = {
        name for states in (update(), other) for s in states.values() for name in s.get("ItemProcessor", {}).get("States", {})
    }
    assert inner == {"UpdateKept", "RestoreKept"}


def test_it_asks_for_the_update_once() -> None:
    """Asked again by itself it could start a second one; the refusal of a stack that is busy is what decides."""
    send = update()["UpdateSend"]

    assert "Retry" not in send
    assert send["Catch"][0] == {
        "ErrorEquals": ["CloudFormation.CloudFormationException"],
        "ResultPath": "$.problem",
        "Next": "UpdateRefused",
    }


def test_what_was_asked_for_is_the_same_template_and_no_role() -> None:
    assert update()["UpdateSend"]["Parameters"] == {
        "StackName": "overread-test-endpoint",
        "UsePreviousTemplate": True,
        "Parameters.$": "$.parameters",
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    }


def test_only_an_update_of_its_own_is_cancelled() -> None:
    rules = update()["UpdateDecide"]["Choices"]
    (cancelling,) = (rule for rule in rules if rule["Next"] == "UpdateSlow")

    assert {"Variable": "$.update.sent", "BooleanEquals": True} in cancelling["And"]
