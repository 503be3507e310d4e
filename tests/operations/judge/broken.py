"""A stack with one fault for each judge of files, laid out as synthesis does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from operations.assembly import SynthesizedStack
from operations.judge.__main__ import TOOLS
from operations.judge.scene import Scene, Tools

RECORDED = Path(__file__).parent / "recorded"
tools = Tools(TOOLS)
installed = pytest.mark.skipif(not tools.python.exists(), reason="the judges' environment is not there; `make judge` installs it")

WORKFLOW = {"StartAt": "Ask", "States": {"Ask": {"Type": "Pass", "Next": "Nowhere"}}}
ROLE = "arn:aws:iam::111122223333:role/r"

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Open": {"Type": "AWS::S3::Bucket", "Properties": {"BucketColour": "blue"}},
        "Policy": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:List*"], "Resource": {"Fn::GetAtt": ["Open", "Arn"]}},
                        {"Effect": "Allow", "Action": "s3:ReadFilms", "Resource": "*"},
                    ],
                }
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Code": {"ZipFile": "pass"}, "Handler": "h", "Role": ROLE, "Runtime": "python3.13"},
        },
        "Workflow": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": ROLE,
                "DefinitionString": {"Fn::Join": ["", [json.dumps(WORKFLOW)[:-1], ',"Comment":"', {"Ref": "Open"}, '"}']]},
            },
        },
    }
}


def stack(template: dict[str, Any], name: str = "overread-dev-data", **paths: str) -> SynthesizedStack:
    """A stack as an assembly would hold it."""
    return SynthesizedStack(
        environment="dev",
        name=name,
        artifact=name,
        file=Path(f"{name}.template.json"),
        template=template,
        paths=paths,
        depends_on=(),
        protected=False,
        region="us-east-1",
    )


def scene(folder: Path, template: dict[str, Any] = TEMPLATE) -> Scene:
    return Scene("dev", [stack(template, Open="data/Open/Resource")], folder)


def recorded(name: str) -> str:
    """What the judge wrote of this template, with the version that ``requirements-judge.txt`` names."""
    return (RECORDED / name).read_text(encoding="utf-8")
