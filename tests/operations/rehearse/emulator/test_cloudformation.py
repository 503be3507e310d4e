"""A stack that fails says so, names the resource and why; what is changed in the emulator is put back after each test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from moto.cloudformation import parsing
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse

from operations.rehearse.emulator.cloudformation import mend
from operations.rehearse.record import Record

ACCOUNT, REGION = "123456789012", "us-east-1"
CHANGED = [
    (parsing, "parse_and_create_resource"),
    (CloudFormationBackend, "create_stack"),
    (CloudFormationBackend, "update_stack"),
    (CloudFormationBackend, "execute_change_set"),
    (CloudFormationResponse, "_validate_different_update"),
]
GOOD = {"Resources": {"Inbox": {"Type": "AWS::SQS::Queue"}}}
BAD = {"Resources": {"Inbox": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"Url": {"Value": {"Ref": "Inbox"}}}}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    for place, name in CHANGED:
        monkeypatch.setattr(place, name, getattr(place, name))
    made = Record(tmp_path / "record.jsonl")
    mend(made)
    return made


@pytest.fixture
def cloud() -> CloudFormationBackend:
    return CloudFormationBackend(REGION, ACCOUNT)


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise ValueError("no  such\nproperty")

    monkeypatch.setattr("moto.sqs.models.Queue.create_from_cloudformation_json", refused)


REASON = "Inbox (AWS::SQS::Queue): ValueError: no such property"


def made(cloud: CloudFormationBackend, template: dict[str, Any], **parameters: str) -> Stack:
    return cloud.create_stack("data", json.dumps(template), parameters)


def by_stack(cloud: CloudFormationBackend) -> None:
    made(cloud, BAD)


def by_change_set(cloud: CloudFormationBackend) -> None:
    """As the bootstrap does it."""
    cloud.create_change_set("data", "changes", json.dumps(BAD), {}, "", "CREATE")
    cloud.execute_change_set("changes", "data")


@pytest.mark.parametrize("way", [by_stack, by_change_set])
def test_a_resource_that_fails_takes_its_stack_with_it(
    way: Callable[[CloudFormationBackend], None],
    cloud: CloudFormationBackend,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuse(monkeypatch)

    way(cloud)

    stack = cloud.get_stack("data")
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.events[-1].resource_status_reason == REASON
    assert [line["reason"] for line in record.read("failed")] == [REASON]


def test_a_stack_that_succeeds_is_complete_and_remembers_its_defaults(cloud: CloudFormationBackend, record: Record) -> None:
    template = {**GOOD, "Parameters": {"Kept": {"Type": "String", "Default": "six years"}}}

    stack = made(cloud, template)

    assert stack.status == "CREATE_COMPLETE"
    assert stack.parameters["Kept"] == "six years"
    assert record.read("failed") == []


def test_an_update_makes_what_a_condition_had_left_out(cloud: CloudFormationBackend, record: Record) -> None:
    template = {
        "Parameters": {"Approved": {"Type": "String", "Default": "none"}},
        "Conditions": {"IsApproved": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Approved"}, "none"]}]}},
        "Resources": {**GOOD["Resources"], "Late": {"Type": "AWS::SQS::Queue", "Condition": "IsApproved"}},
    }
    before = there(made(cloud, template))

    cloud.update_stack("data", json.dumps(template), None, [{"ParameterKey": "Approved", "ParameterValue": "a-model"}], {})

    assert before == {"Inbox"}
    assert there(cloud.get_stack("data")) == {"Inbox", "Late"}


def there(stack: Stack) -> set[str]:
    return {name for name, resource in stack.resource_map.items() if resource is not None}


def test_nothing_of_it_outlives_a_test() -> None:
    assert not [name for place, name in CHANGED if getattr(place, name).__module__.startswith("operations")]
