"""Approvals start releases, in every environment, and what a release may touch is its own environment's."""

from __future__ import annotations

import json

from tests.infra import Platform, findings, many, of_type, statements, text_of
from tests.workflows.definitions import definition_of, tasks

BASICS = ("kms:", "logs:", "xray:", "sqs:")


def test_approvals_and_rejections_of_the_task_start_it(platform: Platform) -> None:
    template = platform.templates["release"]
    (pattern,) = (
        rule["EventPattern"] for rule in of_type(template, "AWS::Events::Rule") if "aws.sagemaker" in str(rule["EventPattern"])
    )

    assert pattern["detail-type"] == ["SageMaker Model Package State Change"]
    assert pattern["detail"] == {
        "ModelPackageGroupName": [f"{platform.stage.stage_name}-chest14"],
        "ModelApprovalStatus": ["Approved", "Rejected"],
    }


def test_it_writes_the_parameter_that_the_endpoint_stack_reads(platform: Platform) -> None:
    states = dict(tasks(definition_of(platform.templates["release"])))
    defaults = [parameter["Default"] for parameter in platform.templates["endpoint"]["Parameters"].values()]

    written = {states[name]["Parameters"]["Name"] for name in ("ReadServed", "PutApproved", "PutFormer")}
    assert len(written) == 1
    assert written <= set(defaults)


def test_it_updates_the_endpoint_stack_and_watches_its_alarms(platform: Platform) -> None:
    states = dict(tasks(definition_of(platform.templates["release"])))
    name = f"{platform.stage.stage_name}-endpoint"

    assert {states[state]["Parameters"]["StackName"] for state in ("UpdateSend", "RestoreSend", "UpdateLook")} == {name}
    assert states["Listen"]["Parameters"]["AlarmNamePrefix"] == f"{name}-Champion"
    # CloudFormation begins the names of what has none of its own with the stack's name
    alarms = of_type(platform.templates["endpoint"], "AWS::CloudWatch::Alarm")
    assert alarms
    assert not [alarm for alarm in alarms if "AlarmName" in alarm]


def test_it_passes_no_role_and_touches_no_other_environment(platform: Platform) -> None:
    allowed = list(statements(platform.templates["release"]))
    own = [s for s in allowed if not str(many(s["Action"])[0]).startswith((*BASICS, "ec2:"))]

    assert "iam:PassRole" not in json.dumps(allowed)
    for statement in own:
        for resource in many(statement["Resource"]):
            text = text_of(resource)
            assert platform.stage.stage_name in text or "cdk-bootstrap" in text or "alarm:*" in text or text.startswith("<"), text


def test_it_is_deployed_after_the_stack_that_it_updates(platform: Platform) -> None:
    stacks = {stack.node.id: stack for stack in platform.stage.node.children}

    assert "endpoint" in [stack.node.id for stack in stacks["release"].dependencies]  # type: ignore[attr-defined]


def test_nothing_is_found(platform: Platform) -> None:
    assert not [found for found in findings(platform.stage) if found[1].startswith("release/")]
