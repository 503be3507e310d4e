"""A release in the interpreter: what is called, in which order, and what people are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from constructs_lib.container_images import ServingImage
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.workflows.encrypted_topic import EncryptedTopic
from constructs_lib.workflows.release_workflow import BAKE_MINUTES, ReleaseWorkflow
from constructs_lib.workflows.stack_update import MOST_LOOKS
from model_code.contract import Task
from tests.infra import Scope
from tests.workflows.definitions import definition_of
from tests.workflows.interpreter import ME, Json, Refused, Reply, Run

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/overread-test-chest14"
NEW, OLD = f"{GROUP}/2", f"{GROUP}/1"
STACK = "overread-test-endpoint"
PARAMETER = "/overread-test-chest14/approved-model-package"
EVENT = {
    "detail-type": "SageMaker Model Package State Change",
    "detail": {"ModelPackageArn": NEW, "ModelApprovalStatus": "Approved"},
}
THEN = datetime(2027, 1, 1, tzinfo=UTC)
NO_UPDATES = Refused("ValidationError", "No updates are to be performed.")
BUSY = Refused("ValidationError", f"Stack:{STACK} is in UPDATE_IN_PROGRESS state and can not be updated.")
RING: Json = {"MetricAlarms": [{"AlarmName": f"{STACK}-ChampionErrors-1"}]}
QUIET: Json = {"MetricAlarms": []}

Execute = Callable[[Json, Json, dict[str, Reply]], Run]


@pytest.fixture(scope="module")
def full() -> Json:
    scope = Scope()
    keys = scope.keys()
    ReleaseWorkflow(
        scope.stack,
        "Release",
        registry=ModelRegistry(scope.stack, "Registry", task=Task.CHEST14, image=ServingImage(scope.stack, "Serving")),
        endpoint_stack=STACK,
        place=scope.place(keys),
        notices=EncryptedTopic(scope.stack, "Notices", key=keys.messages).topic,
    )
    return definition_of(scope.template().to_json())


@pytest.fixture(scope="module")
def definition(full: Json) -> Json:
    """The same, in which three looks are an hour and four minutes a watch."""
    text = json.dumps(full)
    for many, few in ((MOST_LOOKS, 3), (BAKE_MINUTES, 4)):
        text = text.replace(f'"NumericGreaterThanEquals": {many}', f'"NumericGreaterThanEquals": {few}')
    return dict(json.loads(text))


def running(*arns: str) -> Json:
    """The newest first."""
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:workflow"
    listed = [
        {"executionArn": arn, "stateMachineArn": machine, "name": "x", "status": "RUNNING", "startDate": THEN} for arn in arns
    ]
    return {"executions": listed}


def package(approval: str) -> Json:
    return {
        "ModelPackageName": "overread-test-chest14",
        "ModelPackageArn": NEW,
        "CreationTime": THEN,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "ModelApprovalStatus": approval,
    }


def stack(status: str) -> Json:
    parameters = [{"ParameterKey": "ChampionModelPackage", "ParameterValue": PARAMETER, "ResolvedValue": OLD}]
    return {"Stacks": [{"StackName": STACK, "StackStatus": status, "CreationTime": THEN, "Parameters": parameters}]}


def replies(**changed: Reply) -> dict[str, Reply]:
    """Everything goes well: the stack is free, takes a moment, and is up to date; no alarm rings."""
    usual: dict[str, Reply] = {
        "stepfunctions.ListExecutions": running(ME),
        "sagemaker.DescribeModelPackage": package("Approved"),
        "ssm.GetParameter": {"Parameter": {"Name": PARAMETER, "Value": OLD}},
        "ssm.PutParameter": {"Version": 2},
        "cloudwatch.DescribeAlarms": QUIET,
        "cloudformation.DescribeStacks": [stack("CREATE_COMPLETE"), stack("UPDATE_IN_PROGRESS"), stack("UPDATE_COMPLETE")],
        "cloudformation.UpdateStack": {"StackId": STACK},
        "sns.Publish": {"MessageId": "1"},
    }
    named = {name.split(".")[1]: name for name in usual} | {"CancelUpdateStack": "cloudformation.CancelUpdateStack"}
    return usual | {named[operation]: reply for operation, reply in changed.items()}


def put_values(run: Run) -> list[str]:
    return [request["Value"] for request in run.services.of("ssm.PutParameter")]


def test_an_approved_model_serves_and_people_are_told(run: Execute, definition: Json) -> None:
    ended = run(definition, EVENT, replies())

    assert (ended.status, ended.path[-1]) == ("SUCCEEDED", "Released")
    assert put_values(ended) == [NEW]
    assert ended.said() == [("overread-test-release: released", f"chest14 is now read by {NEW}. Before it: {OLD}.")]


def test_the_update_changes_nothing_but_what_the_parameters_point_at(run: Execute, definition: Json) -> None:
    (update,) = run(definition, EVENT, replies()).services.of("cloudformation.UpdateStack")

    assert update["UsePreviousTemplate"] is True
    assert update["Parameters"] == [{"ParameterKey": "ChampionModelPackage", "UsePreviousValue": True}]
    assert "RoleARN" not in update  # so nobody has to pass one


def test_it_is_watched_minute_by_minute(run: Execute, full: Json) -> None:
    ended = run(full, EVENT, replies())

    assert ended.path.count("Minute") == BAKE_MINUTES
    assert {request["AlarmNamePrefix"] for request in ended.services.of("cloudwatch.DescribeAlarms")} == {f"{STACK}-Champion"}


@pytest.mark.parametrize(
    ("approval", "served"),
    [("PendingManualApproval", OLD), ("Rejected", OLD), ("Approved", NEW)],
    ids=["no longer approved", "rejected before it served", "serves already"],
)
def test_an_event_that_asks_for_nothing_changes_nothing(run: Execute, definition: Json, approval: str, served: str) -> None:
    parameter = {"Parameter": {"Name": PARAMETER, "Value": served}}
    ended = run(definition, EVENT, replies(DescribeModelPackage=package(approval), GetParameter=parameter))

    assert (ended.status, ended.path[-1]) == ("SUCCEEDED", "NothingToDo")
    assert not put_values(ended)
    assert not ended.said()


def test_rejecting_the_model_that_serves_is_told_and_no_more(run: Execute, definition: Json) -> None:
    parameter = {"Parameter": {"Name": PARAMETER, "Value": NEW}}
    ended = run(definition, EVENT, replies(DescribeModelPackage=package("Rejected"), GetParameter=parameter))

    assert (ended.status, ended.path[-1]) == ("SUCCEEDED", "StillServes")
    assert not put_values(ended)
    assert "still read by" in ended.said()[0][1]


def test_of_two_approvals_the_second_waits_for_the_first(run: Execute, definition: Json) -> None:
    before = [running(ME, "arn:aws:states:us-east-1:123456789012:execution:workflow:earlier")] * 3
    ended = run(definition, EVENT, replies(ListExecutions=[*before, running("later", ME)]))

    assert ended.path.count("NotYet") == 3
    assert ended.path[-1] == "Released"


def test_what_aws_could_not_answer_at_once_is_asked_again(run: Execute, definition: Json) -> None:
    ended = run(
        definition,
        EVENT,
        replies(
            DescribeModelPackage=[Refused("ThrottlingException"), Refused("ThrottlingException"), package("Approved")],
            PutParameter=[Refused("TooManyUpdates"), {"Version": 2}],
        ),
    )

    assert ended.path[-1] == "Released"
    assert len(ended.services.of("sagemaker.DescribeModelPackage")) == 3
    assert put_values(ended) == [NEW, NEW]


def test_a_stack_that_is_busy_is_waited_for(run: Execute, definition: Json) -> None:
    """It may be seen before the update is asked for, or only by the refusal of it."""
    ended = run(
        definition,
        EVENT,
        replies(
            DescribeStacks=[stack("UPDATE_IN_PROGRESS"), *[stack("UPDATE_COMPLETE")] * 2, stack("UPDATE_COMPLETE")],
            UpdateStack=[BUSY, {"StackId": STACK}],
        ),
    )

    assert ended.path[-1] == "Released"
    assert len(ended.services.of("cloudformation.UpdateStack")) == 2


def test_a_stack_that_is_up_to_date_is_a_success(run: Execute, definition: Json) -> None:
    ended = run(definition, EVENT, replies(DescribeStacks=[stack("UPDATE_COMPLETE")], UpdateStack=NO_UPDATES))

    assert ended.path[-1] == "Released"


@pytest.mark.parametrize("failing", ["DescribeModelPackage", "GetParameter", "DescribeAlarms"])
def test_what_fails_before_anything_was_changed_changes_nothing(run: Execute, definition: Json, failing: str) -> None:
    ended = run(definition, EVENT, replies(**{failing: Refused("AccessDenied", "not allowed")}))

    assert (ended.status, ended.error) == ("FAILED", "NotReleased")
    assert ended.cause is not None and ended.cause.startswith("not allowed")
    assert not put_values(ended)
    assert "nothing was changed" in ended.said()[0][1]


def test_a_new_alarm_takes_the_model_back(run: Execute, definition: Json) -> None:
    ended = run(
        definition,
        EVENT,
        replies(
            DescribeAlarms=[QUIET, QUIET, QUIET, RING],
            DescribeStacks=[stack("UPDATE_COMPLETE"), stack("UPDATE_COMPLETE")] * 2,
        ),
    )

    assert (ended.status, ended.error) == ("FAILED", "RolledBack")
    assert ended.cause == f'Alarms ring: ["{STACK}-ChampionErrors-1"]'
    assert put_values(ended) == [NEW, OLD]
    assert len(ended.services.of("cloudformation.UpdateStack")) == 2
    ((subject, text),) = ended.said()
    assert subject == "overread-test-release: rolled back"
    assert text.startswith(f"chest14 is read by {OLD} again, not by {NEW}. Alarms ring")


def test_an_alarm_that_rang_before_does_not_count_against_the_new_model(run: Execute, definition: Json) -> None:
    assert run(definition, EVENT, replies(DescribeAlarms=RING)).path[-1] == "Released"


def test_an_update_that_cloudformation_took_back_is_a_failure(run: Execute, definition: Json) -> None:
    """The parameter has to follow, or the next deployment would try the same model again."""
    ended = run(
        definition,
        EVENT,
        replies(
            DescribeStacks=[stack("UPDATE_COMPLETE"), stack("UPDATE_ROLLBACK_COMPLETE"), stack("UPDATE_ROLLBACK_COMPLETE")],
            UpdateStack=[{"StackId": STACK}, NO_UPDATES],
        ),
    )

    assert (ended.error, ended.cause) == ("RolledBack", f"CloudFormation left {STACK} as UPDATE_ROLLBACK_COMPLETE")
    assert put_values(ended) == [NEW, OLD]


def test_an_update_without_end_is_cancelled(run: Execute, definition: Json) -> None:
    asked = {"cancelled": False}

    def describe(_: Json) -> Json:
        return stack(
            "UPDATE_ROLLBACK_COMPLETE" if asked["cancelled"] else "UPDATE_IN_PROGRESS" if asked.get("sent") else "UPDATE_COMPLETE"
        )

    def update(_: Json) -> Json:
        if asked["cancelled"]:
            raise NO_UPDATES
        asked["sent"] = True
        return {"StackId": STACK}

    def cancel(_: Json) -> Json:
        asked["cancelled"] = True
        return {}

    ended = run(definition, EVENT, replies(DescribeStacks=describe, UpdateStack=update, CancelUpdateStack=cancel))

    assert ended.error == "RolledBack"
    assert ended.cause == f"The update of {STACK} took more than an hour"
    assert put_values(ended) == [NEW, OLD]


def test_a_stack_that_others_keep_busy_is_not_cancelled(run: Execute, definition: Json) -> None:
    ended = run(definition, EVENT, replies(DescribeStacks=stack("UPDATE_IN_PROGRESS")))

    assert ended.error == "Stuck"
    assert put_values(ended) == [NEW, OLD]
    assert not ended.services.of("cloudformation.CancelUpdateStack")


def test_a_way_back_that_fails_calls_a_person(run: Execute, definition: Json) -> None:
    ended = run(
        definition,
        EVENT,
        replies(DescribeStacks=stack("UPDATE_COMPLETE"), UpdateStack=Refused("ValidationError", "Parameter is missing")),
    )

    assert (ended.status, ended.error) == ("FAILED", "Stuck")
    assert ended.said()[0][0] == "overread-test-release: release and rollback failed"
    assert "needs a person" in ended.said()[0][1]


def test_nobody_being_there_to_hear_does_not_stop_a_release(run: Execute, definition: Json) -> None:
    assert run(definition, EVENT, replies(Publish=Refused("NotFound"))).path[-1] == "Released"


def test_a_call_that_no_test_expects_is_a_fault(run: Execute, definition: Json) -> None:
    """However kindly the workflow deals with it."""
    without: dict[str, Any] = replies()
    del without["sns.Publish"]

    with pytest.raises(AssertionError, match=r"sns.Publish: nobody expected this call"):
        run(definition, EVENT, without)
