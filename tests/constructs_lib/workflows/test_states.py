from __future__ import annotations

import json

import pytest
from aws_cdk import App, Stack

from constructs_lib.workflows.states import ask, choose, problem, put, tell, turn, when


def test_a_request_is_bounded_asked_again_and_keeps_its_answer() -> None:
    state = ask("ssm", "getParameter", {"Name": "/one"}, keep="$.one", then="Two")

    assert str(state["Resource"]).endswith(":states:::aws-sdk:ssm:getParameter")
    assert state["ResultPath"] == "$.one"
    assert state["TimeoutSeconds"] == 60
    assert state["Retry"][0]["MaxAttempts"] == 3
    assert "Catch" not in state


def test_a_refusal_is_dealt_with_before_any_other_error() -> None:
    state = ask("ssm", "getParameter", {}, then="Two", refused={"Ssm.Gone": "Three"}, caught="Four")

    assert [(catcher["ErrorEquals"], catcher["Next"]) for catcher in state["Catch"]] == [
        (["Ssm.Gone"], "Three"),
        (["States.ALL"], "Four"),
    ]


def test_an_answer_that_nobody_needs_leaves_the_data_as_they_were() -> None:
    """Through the library, which takes ``null`` out of the JSON that it writes."""
    stack = Stack(App(), "stack")
    written = json.dumps(stack.resolve(stack.to_json_string({"one": ask("ssm", "putParameter", {}, then="Two"), "none": None})))

    assert "$.dropped" in written
    assert "none" not in written


@pytest.mark.parametrize(
    ("message", "values", "field", "text"),
    [
        ("It is done", (), "Message", "It is done"),
        ("It's {}", ("$.a",), "Message.$", r"States.Format('It\'s {}', $.a)"),
    ],
)
def test_a_notice_is_plain_or_filled_in(message: str, values: tuple[str, ...], field: str, text: str) -> None:
    state = tell("topic", "subject", message, *values, then="End")

    assert state["Parameters"] == {"TopicArn": "topic", "Subject": "subject", field: text}
    assert state["Catch"][0]["Next"] == "End"


def test_a_problem_has_the_form_of_a_caught_error() -> None:
    assert problem("Slow", "after {} s", "$.n", then="End")["Parameters"] == {
        "Error": "Slow",
        "Cause.$": "States.Format('after {} s', $.n)",
    }


def test_rules_are_one_test_or_all_of_several() -> None:
    one, two = {"Variable": "$.a", "IsPresent": True}, {"Variable": "$.b", "IsPresent": True}
    state = choose(when(one, then="A"), when(one, two, then="B"), otherwise="C")

    assert state["Choices"] == [{**one, "Next": "A"}, {"And": [one, two], "Next": "B"}]
    assert state["Default"] == "C"


def test_a_turn_waits_before_it_looks_at_the_queue() -> None:
    states = turn(mine="Go", others="Wait")

    assert states["Settle"]["Seconds"] > 0
    assert states["Settle"]["Next"] == "Queue"
    assert states["MyTurn"]["Default"] == "Wait"


def test_a_value_is_kept_beside_the_others() -> None:
    assert put({"n": 0}, "$.counter", then="Next") == {
        "Type": "Pass",
        "Parameters": {"n": 0},
        "ResultPath": "$.counter",
        "Next": "Next",
    }
