from __future__ import annotations

import json

import pytest

from constructs_lib.workflows.state_machine import StateMachine
from constructs_lib.workflows.workflow_schedule import WorkflowSchedule
from tests.infra import Json, Scope, of_type

PASS = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    place = built.place(built.keys())
    flow = StateMachine(built.stack, "Flow", name="flow", definition=PASS, place=place, statements=[])
    WorkflowSchedule(
        built.stack,
        "Monthly",
        name="flow",
        expression="cron(0 3 1 * ? *)",
        workflow=flow,
        input={"source": "schedule"},
    )
    return built


@pytest.fixture(scope="module")
def schedule(scope: Scope) -> Json:
    (found,) = of_type(scope.template().to_json(), "AWS::Scheduler::Schedule")
    return found


def test_it_starts_the_workflow_and_says_that_it_was_the_calendar(schedule: Json) -> None:
    assert schedule["Name"] == "overread-test-flow"
    assert schedule["ScheduleExpression"] == "cron(0 3 1 * ? *)"
    assert "FlowMachine" in str(schedule["Target"]["Arn"])
    assert json.loads(schedule["Target"]["Input"]) == {"source": "schedule"}


def test_aws_may_choose_the_moment_within_an_hour(schedule: Json) -> None:
    assert schedule["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}


def test_it_is_under_a_customer_key_and_keeps_what_it_could_not_start(schedule: Json) -> None:
    assert "KeysMessages" in str(schedule["KmsKeyArn"])
    assert "MonthlyUndelivered" in str(schedule["Target"]["DeadLetterConfig"])


def test_its_role_is_for_the_scheduler_of_this_account(scope: Scope) -> None:
    resources = scope.template().to_json()["Resources"]
    (role,) = (r["Properties"] for name, r in resources.items() if name.startswith("MonthlyRole"))
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_nothing_is_found_and_nothing_is_inline(scope: Scope) -> None:
    assert not [found for found in scope.findings() if "/Monthly/" in found[1]]
    assert of_type(scope.template().to_json(), "AWS::IAM::Policy") == []
