from __future__ import annotations

import pytest

from constructs_lib.errors import ConfigurationError
from constructs_lib.workflows.notices import BadEndings, Notices
from constructs_lib.workflows.state_machine import StateMachine
from tests.infra import Json, Scope, of_type

PASS = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def built(contact: str | None = None) -> tuple[Scope, Json]:
    scope = Scope()
    keys = scope.keys()
    notices = Notices(scope.stack, "Notices", key=keys.messages, contact=contact)
    place = scope.place(keys)
    flow = StateMachine(scope.stack, "Flow", name="flow", definition=PASS, place=place, statements=[])
    BadEndings(scope.stack, "BadEndings", workflow=flow, notices=notices.topic)
    return scope, dict(scope.template().to_json())


def test_alarms_budgets_and_rules_of_this_account_may_publish() -> None:
    (policy,) = of_type(built()[1], "AWS::SNS::TopicPolicy")
    allowed = [statement for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Allow"]

    assert {statement["Principal"]["Service"].split(".")[0] for statement in allowed} == {"budgets", "cloudwatch", "events"}
    assert [statement["Principal"]["Service"] for statement in allowed if "Condition" not in statement] == [
        "events.amazonaws.com"
    ]


def test_who_is_named_gets_mail() -> None:
    (subscription,) = of_type(built("radiology@example.org")[1], "AWS::SNS::Subscription")

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "radiology@example.org")


def test_nobody_named_nobody_subscribed() -> None:
    assert of_type(built()[1], "AWS::SNS::Subscription") == []


@pytest.mark.parametrize("contact", ["radiology", "a@example.org b@example.org", ""])
def test_what_is_no_address_is_refused(contact: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"contact is '{contact}'; allowed: one mail address"):
        built(contact)


def test_bad_endings_of_this_workflow_are_told() -> None:
    (rule,) = of_type(built()[1], "AWS::Events::Rule")

    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert "FlowMachine" in str(rule["EventPattern"]["detail"]["stateMachineArn"])
    assert "Notices" in str(rule["Targets"][0]["Arn"])
    assert rule["Targets"][0]["InputTransformer"]["InputTemplate"] == '"overread-test-flow: execution <name> ended as <status>"'


def test_nothing_is_found_and_nothing_is_inline() -> None:
    scope, template = built("radiology@example.org")

    assert not [found for found in scope.findings() if "/Notices/" in found[1] or "/BadEndings/" in found[1]]
    assert of_type(template, "AWS::IAM::Policy") == []
