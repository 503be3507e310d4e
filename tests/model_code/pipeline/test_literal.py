"""References worked out as deployment would."""

from __future__ import annotations

from typing import Any

import pytest

from model_code.pipeline.literal import Literal
from tests.operations.judge.broken import stack

PRODUCER = stack(
    {
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key", "Properties": {}},
            "Films": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "films-${AWS::AccountId}"}}},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
            "Novel": {"Type": "AWS::Quantum::Reader", "Properties": {}},
        },
        "Outputs": {"Out": {"Value": {"Fn::GetAtt": ["Films", "Arn"]}, "Export": {"Name": "films-arn"}}},
    },
    "overread-dev-security",
)
CONSUMER = stack({"Resources": {}, "Parameters": {"Kept": {"Type": "String", "Default": "six years"}}})


def worked_out(value: Any, on: Any = PRODUCER) -> Any:
    return Literal([PRODUCER, CONSUMER]).of(on, value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Films"}, "films-111122223333"),
        ({"Ref": "Topic"}, "arn:aws:sns:us-east-1:111122223333:topic"),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"),
        ({"Fn::GetAtt": "Films.Arn"}, "arn:aws:s3:::films-111122223333"),
        ({"Fn::GetAtt": ["Novel", "Arn"]}, "arn:aws:quantum:us-east-1:111122223333:reader/novel"),
        ({"Fn::Join": ["/", [{"Ref": "Films"}, "*"]]}, "films-111122223333/*"),
        ({"Fn::Sub": ["${x}:${Films.Arn}:${AWS::Partition}", {"x": "1"}]}, "1:arn:aws:s3:::films-111122223333:aws"),
        ({"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Films", "Arn"]}]}]}, "films-111122223333"),
        ({"Fn::If": ["C", {"Ref": "AWS::NoValue"}, "else"]}, "else"),
    ],
)
def test_a_function_becomes_its_value(value: Any, text: str) -> None:
    assert worked_out(value) == text


def test_an_import_becomes_what_the_other_stack_exports() -> None:
    assert worked_out({"Fn::ImportValue": "films-arn"}, CONSUMER) == "arn:aws:s3:::films-111122223333"


def test_a_parameter_becomes_its_default() -> None:
    assert worked_out({"Ref": "Kept"}, CONSUMER) == "six years"


def test_no_value_leaves_nothing() -> None:
    assert worked_out({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Ref": "AWS::NoValue"}]}) == {"b": [1]}


def test_a_template_keeps_all_but_its_functions() -> None:
    template = Literal([PRODUCER]).template(PRODUCER)

    assert template["Resources"]["Films"] == {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "films-111122223333"}}
    assert template["Outputs"] == PRODUCER.template["Outputs"]
