from __future__ import annotations

import json

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.workflows.state_machine import StateMachine
from tests.infra import Json, Scope, of_type, statements, text_of

PASS = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    may = [iam.PolicyStatement(actions=["ssm:PutParameter"], resources=["arn:aws:ssm:us-east-1:123456789012:parameter/one"])]
    StateMachine(built.stack, "Flow", name="flow", definition=PASS, place=built.place(built.keys()), statements=may)
    return built


@pytest.fixture(scope="module")
def machine(scope: Scope) -> Json:
    (found,) = of_type(scope.template().to_json(), "AWS::StepFunctions::StateMachine")
    return found


def test_it_runs_what_it_was_given(machine: Json) -> None:
    assert json.loads(text_of(machine["DefinitionString"])) == PASS
    assert machine["StateMachineName"] == "overread-test-flow"


def test_steps_are_logged_but_not_what_they_carry(machine: Json) -> None:
    logging = machine["LoggingConfiguration"]

    assert logging["Level"] == "ALL"
    assert logging["IncludeExecutionData"] is False
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_its_state_is_under_a_customer_key(machine: Json) -> None:
    assert machine["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"
    assert "KeysMessages" in json.dumps(machine["EncryptionConfiguration"]["KmsKeyId"])


def test_it_may_do_what_it_was_allowed(scope: Scope) -> None:
    assert "ssm:PutParameter" in [statement["Action"] for statement in statements(scope.template().to_json())]


def test_nothing_is_found_and_nothing_is_inline(scope: Scope) -> None:
    assert not [found for found in scope.findings() if "/Flow/" in found[1]]
    assert of_type(scope.template().to_json(), "AWS::IAM::Policy") == []
