from __future__ import annotations

import json
from collections.abc import Mapping

from constructs_lib.workflows.event_trigger import EventTrigger
from constructs_lib.workflows.state_machine import StateMachine
from tests.infra import Json, Scope, many, of_type, statements, text_of

PASS = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
PATTERN = {"source": ["aws.sagemaker"]}


def built(input: Mapping[str, str] | None = None) -> tuple[Scope, Json]:
    scope = Scope()
    place = scope.place(scope.keys())
    flow = StateMachine(scope.stack, "Flow", name="flow", definition=PASS, place=place, statements=[])
    EventTrigger(scope.stack, "On", description="d", pattern=PATTERN, workflow=flow, input=input)
    return scope, dict(scope.template().to_json())


def target(template: Json) -> Json:
    (rule,) = of_type(template, "AWS::Events::Rule")
    (only,) = rule["Targets"]
    return dict(only)


def test_the_event_starts_the_workflow_by_a_role_that_can_do_nothing_else() -> None:
    _, template = built()
    (policy,) = (r["Properties"] for name, r in template["Resources"].items() if name.startswith("OnPolicy"))
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert statement["Action"] == "states:StartExecution"
    assert statement["Resource"] == target(template)["Arn"]


def test_what_cannot_be_delivered_is_kept_under_a_customer_key() -> None:
    _, template = built()
    (queue,) = of_type(template, "AWS::SQS::Queue")

    assert "KmsMasterKeyId" in queue
    assert "OnUndelivered" in str(target(template)["DeadLetterConfig"])
    assert target(template)["RetryPolicy"] == {"MaximumEventAgeInSeconds": 21600, "MaximumRetryAttempts": 20}


def test_only_eventbridge_for_this_account_may_put_into_the_queue() -> None:
    (policy,) = of_type(built()[1], "AWS::SQS::QueuePolicy")
    (allowed,) = (s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow")

    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert text_of(allowed["Condition"]["ArnLike"]["aws:SourceArn"]).endswith(":events:us-east-1:<Ref:AWS::AccountId>:*")


def test_the_input_is_the_event_or_made_of_it() -> None:
    assert "InputTransformer" not in target(built()[1])
    made = target(built({"source": "drift", "reason": "$.detail.alarmName"})[1])["InputTransformer"]

    assert made["InputPathsMap"] == {"reason": "$.detail.alarmName"}
    assert json.loads(made["InputTemplate"]) == {"source": "drift", "reason": "<reason>"}


def test_nothing_is_found_and_nothing_names_every_resource() -> None:
    scope, template = built()

    assert not [found for found in scope.findings() if "/On/" in found[1]]
    assert of_type(template, "AWS::IAM::Policy") == []
    assert not [s for s in statements(template) if s["Action"] == "states:StartExecution" and "*" in many(s["Resource"])]
