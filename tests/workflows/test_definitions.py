"""Every request of every workflow, held against botocore's models and against what the workflow's role allows."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from botocore.exceptions import ParamValidationError

from constructs_lib.container_images import ServingImage
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.workflows.encrypted_topic import EncryptedTopic
from constructs_lib.workflows.release_workflow import ReleaseWorkflow
from constructs_lib.workflows.retraining_rules import RetrainingRules
from constructs_lib.workflows.retraining_workflow import RetrainingWorkflow
from model_code.contract import Task
from tests.infra import Json, Scope, many
from tests.requests import UnknownOperation
from tests.workflows.definitions import check_task, definition_of, operation_of, tasks

ACTIONS = {
    "budgets:DescribeBudget": "budgets:ViewBudget",
    "lambda:Invoke": "lambda:InvokeFunction",
    "stepfunctions:ListExecutions": "states:ListExecutions",
}
"""Where IAM names an action otherwise than the service does its operation."""

ON_BEHALF = {"ssm:GetParameters"}
"""What CloudFormation asks with the rights of who asks it."""

OF_EVERY_WORKFLOW = ("kms:", "logs:", "xray:")


@dataclass(frozen=True)
class Workflow:
    definition: Json
    allowed: dict[str, list[str]]
    """Actions, and the resources of each as text."""


def release(scope: Scope) -> None:
    keys = scope.keys()
    ReleaseWorkflow(
        scope.stack,
        "It",
        registry=ModelRegistry(scope.stack, "Registry", task=Task.CHEST14, image=ServingImage(scope.stack, "Serving")),
        endpoint_stack="overread-test-endpoint",
        place=scope.place(keys),
        notices=EncryptedTopic(scope.stack, "Notices", key=keys.messages).topic,
    )


def retraining(scope: Scope) -> None:
    keys = scope.keys()
    RetrainingWorkflow(
        scope.stack,
        "It",
        registry=ModelRegistry(scope.stack, "Registry", task=Task.CHEST14, image=ServingImage(scope.stack, "Serving")),
        rules=RetrainingRules(expected_run_usd=20),
        place=scope.place(keys),
        notices=EncryptedTopic(scope.stack, "Notices", key=keys.messages).topic,
    )


@pytest.fixture(scope="module", params=[release, retraining], ids=["release", "retraining"])
def workflow(request: pytest.FixtureRequest) -> Iterator[Workflow]:
    scope = Scope()
    request.param(scope)
    template = scope.template().to_json()
    (policy,) = (r["Properties"] for name, r in template["Resources"].items() if name.startswith("ItWorkflowPolicy"))
    allowed: dict[str, list[str]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        for action in many(statement["Action"]):
            allowed.setdefault(action, []).extend(map(str, many(statement["Resource"])))
    yield Workflow(definition_of(template), allowed)


def test_the_services_know_every_call_and_every_field(workflow: Workflow) -> None:
    for _, state in tasks(workflow.definition):
        check_task(state)


def test_a_misspelt_field_is_named(workflow: Workflow) -> None:
    for _, state in tasks(workflow.definition):
        wrong = copy.deepcopy(state)
        name = next(iter(wrong["Parameters"]))
        wrong["Parameters"][f"{name.removesuffix('.$')}z"] = wrong["Parameters"].pop(name)
        with pytest.raises(ParamValidationError):
            check_task(wrong)


@pytest.mark.parametrize("resource", ["aws-sdk:cloudformation:updateStacks", "aws-sdk:cloudformtion:updateStack"])
def test_a_misspelt_call_is_found(resource: str) -> None:
    with pytest.raises(UnknownOperation):
        check_task({"Resource": f"arn:aws:states:::{resource}", "Parameters": {}})


def test_it_may_do_what_it_does_and_no_more(workflow: Workflow) -> None:
    calls = {":".join(operation_of(state)) for _, state in tasks(workflow.definition)}
    needed = {ACTIONS.get(called, called) for called in calls}
    allowed = {action for action in workflow.allowed if not action.startswith(OF_EVERY_WORKFLOW)}

    assert allowed - ON_BEHALF == needed


def test_it_may_do_it_to_named_things_only(workflow: Workflow) -> None:
    for action, resources in workflow.allowed.items():
        if not action.startswith(("logs:", "xray:")):
            assert "*" not in resources, action


def test_every_state_can_be_reached_and_every_way_leads_on(workflow: Workflow) -> None:
    states, start = workflow.definition["States"], workflow.definition["StartAt"]
    seen, ahead = set(), [start]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += list(onward(states[name]))

    assert seen == states.keys()


def onward(state: Json) -> Iterator[str]:
    following = [state, *state.get("Choices", []), *state.get("Catch", [])]
    yield from (part["Next"] for part in following if "Next" in part)
    if "Default" in state:
        yield state["Default"]


def test_what_a_state_is_told_is_not_lost_in_the_template(workflow: Workflow) -> None:
    """The library takes ``null`` out of the JSON it writes, and a task without a path drops everything but its answer."""
    for name, state in tasks(workflow.definition):
        assert state["ResultPath"].startswith("$."), name


def test_nothing_waits_for_ever(workflow: Workflow) -> None:
    assert workflow.definition["TimeoutSeconds"] <= 7 * 24 * 3600
    assert all(state["TimeoutSeconds"] == 60 for _, state in tasks(workflow.definition))


def test_a_failure_never_ends_an_execution_untold(workflow: Workflow) -> None:
    """Only the states before anything is known may fail without a word of their own: the rule for bad endings tells those."""
    uncaught = {name for name, state in tasks(workflow.definition) if "Catch" not in state}

    assert uncaught == {"Queue"}
