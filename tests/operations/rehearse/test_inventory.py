"""What there is of a resource is what its service says, not what CloudFormation says."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.assembly import Json
from operations.rehearse.inventory import Resource, State, literal, take_stock
from tests.aws import AwsError, Reply
from tests.operations.judge.broken import stack
from tests.operations.rehearse.deployed import Deployed, deployed

QUEUE: Json = {"Type": "AWS::SQS::Queue"}
ROLE: Json = {"Type": "AWS::IAM::Role"}


def listed(*names: str) -> Reply:
    rows = [
        {"LogicalResourceId": name, "PhysicalResourceId": f"{name}-in-aws", "ResourceType": "T", "Timestamp": 0}
        | {"ResourceStatus": "CREATE_COMPLETE"}
        for name in names
    ]
    return {"StackResources": rows}


def one(running: Deployed, name: str, resource: Json) -> Resource:
    (found,) = take_stock(running, [stack({"Resources": {name: resource}})]).resources
    return found


def test_what_the_service_finds_is_created(tmp_path: Path) -> None:
    running = deployed(
        tmp_path,
        {
            "cloudformation.DescribeStackResources": listed("Inbox"),
            "sqs.GetQueueAttributes": lambda asked: {"Attributes": {"QueueArn": asked["QueueUrl"]}},
        },
    )

    found = one(running, "Inbox", QUEUE)

    assert (found.state, found.physical_id) == (State.CREATED, "Inbox-in-aws")


@pytest.mark.parametrize(
    ("answer", "why"),
    [({"Attributes": {}}, "GetQueueAttributes does not list it"), (AwsError("NotThere"), "GetQueueAttributes: ClientError")],
)
def test_what_the_service_does_not_find_is_accepted_and_no_more(tmp_path: Path, answer: Json | AwsError, why: str) -> None:
    def reply(_: Json) -> Json:
        if isinstance(answer, AwsError):
            raise answer
        return answer

    replies: dict[str, Reply] = {
        "cloudformation.DescribeStackResources": listed("Inbox"),
        "sqs.GetQueueAttributes": reply,
    }
    found = one(deployed(tmp_path, replies), "Inbox", QUEUE)

    assert found.state is State.ACCEPTED
    assert found.why.startswith(why)


def test_what_the_emulator_has_nothing_behind_is_accepted_with_its_reason(tmp_path: Path) -> None:
    running = deployed(tmp_path, {"cloudformation.DescribeStackResources": listed("Inbox")})
    running.record.write("accepted", logical="Inbox", reason="the emulator has no CreateQueue")
    running.record.write("dropped", type="AWS::SQS::Queue", reason="the emulator has no TagQueue")

    inventory = take_stock(running, [stack({"Resources": {"Inbox": QUEUE}})])

    assert inventory.resources[0].why == "the emulator has no CreateQueue"
    assert inventory.dropped == ("AWS::SQS::Queue: the emulator has no TagQueue, so this setting is left out",)


def test_a_type_that_nobody_asks_for_is_not_called_created(tmp_path: Path) -> None:
    found = one(deployed(tmp_path, {"cloudformation.DescribeStackResources": listed("It")}), "It", {"Type": "AWS::New::Thing"})

    assert (found.state, found.why) == (State.ACCEPTED, "nothing here knows how to ask for this type")


def test_what_cloudformation_does_not_list_was_passed_over_or_left_out(tmp_path: Path) -> None:
    running = deployed(tmp_path, {"cloudformation.DescribeStackResources": listed()})

    assert one(running, "Role", ROLE).state is State.UNSUPPORTED
    left = one(running, "Role", {**ROLE, "Condition": "Approved"})
    assert (left.state, left.why) == (State.LEFT_OUT, "Approved")


def test_references_are_followed_within_the_stack() -> None:
    names = {"Api": "a-1"}

    assert literal("plain", names) == "plain"
    assert literal({"Ref": "Api"}, names) == literal({"Fn::GetAtt": ["Api", "RestApiId"]}, names) == "a-1"
    assert literal({"Fn::ImportValue": "x"}, names) is None
    assert literal(["a"], names) is None
