from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.compliance.checks.synthesized import Assembly, many, read, text
from tests.constructs_lib.compliance.checks.cases import stack

BUCKET: Any = {"Films": ("AWS::S3::Bucket", {})}
EXPORT: Any = {"Out": {"Value": {"Fn::GetAtt": ["Films", "Arn"]}, "Export": {"Name": "data:Films"}}}


@pytest.fixture
def assembly() -> Assembly:
    made = Assembly()
    made.add("data", stack(BUCKET, EXPORT))
    made.add("audit", stack({"Films": ("AWS::SNS::Topic", {})}))
    return made


@pytest.mark.parametrize(
    ("value", "stack", "kind"),
    [
        ({"Ref": "Films"}, "data", "AWS::S3::Bucket"),
        ({"Fn::GetAtt": ["Films", "Arn"]}, "audit", "AWS::SNS::Topic"),
        ({"Fn::GetAtt": "Films.Arn"}, "audit", "AWS::SNS::Topic"),
        ({"Fn::Join": ["", [{"Fn::ImportValue": "data:Films"}, "/"]]}, "audit", "AWS::S3::Bucket"),
    ],
)
def test_references_lead_to_resources_of_their_own_stack_and_imports_to_others(
    assembly: Assembly, value: Any, stack: str, kind: str
) -> None:
    found = assembly.target(value, stack)

    assert found is not None
    assert found.type == kind


@pytest.mark.parametrize("value", [None, "films", {"Ref": "AWS::Region"}, {"Fn::ImportValue": "data:Nothing"}, []])
def test_what_leads_nowhere_is_none(assembly: Assembly, value: Any) -> None:
    assert assembly.target(value, "data") is None


def test_a_folder_is_read_with_paths_and_acknowledgements(tmp_path: Path) -> None:
    artifact = {
        "type": "aws:cloudformation:stack",
        "properties": {"templateFile": "data.template.json", "stackName": "overread-dev-data"},
        "additionalMetadataFile": "data.metadata.json",
        "displayName": "overread-dev/data",
    }
    entries = [
        {"type": "aws:cdk:logicalId", "data": "Films"},
        {"type": "aws:cdk:acknowledged-rules", "data": {"Overread::Overread-FilmsRecorded": "because"}},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"data": artifact, "tree": {"type": "cdk:tree"}}}))
    (tmp_path / "data.template.json").write_text(json.dumps(stack(BUCKET, EXPORT)))
    (tmp_path / "data.metadata.json").write_text(json.dumps({"/overread-dev/data/Films/Resource": entries}))

    (assembly,) = read([tmp_path / "data.template.json"])

    (bucket,) = assembly.resources
    assert (bucket.stack, bucket.path) == ("overread-dev-data", "overread-dev/data/Films/Resource")
    assert assembly.acknowledged == {(bucket.path, "Overread::Overread-FilmsRecorded"): "because"}


def test_text_names_what_only_deployment_knows() -> None:
    assert text({"Fn::Join": ["", ["arn:aws:s3:::", {"Ref": "Films"}, "/*"]]}) == "arn:aws:s3:::<Films>/*"
    assert text({"Fn::GetAtt": ["Films", "Arn"]}) == "<Films.Arn>"
    assert text({"Fn::Sub": "arn:${AWS::Region}"}) == "arn:${AWS::Region}"


def test_one_is_as_many_and_none_is_empty() -> None:
    assert [many("a"), many(["a", "b"]), many(None)] == [["a"], ["a", "b"], []]
