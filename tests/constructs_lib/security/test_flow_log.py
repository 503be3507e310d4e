from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2

from constructs_lib.security.flow_log import FlowLog
from tests.infra import Scope, of_type


def test_all_traffic_is_written_down_encrypted_for_six_years() -> None:
    scope = Scope()
    vpc = ec2.Vpc(scope.stack, "Vpc", restrict_default_security_group=False)
    FlowLog(scope.stack, "FlowLog", vpc=vpc, key=scope.keys().audit, removal_policy=RemovalPolicy.RETAIN)

    template = scope.template().to_json()
    (log,) = of_type(template, "AWS::EC2::FlowLog")
    (group,) = of_type(template, "AWS::Logs::LogGroup")
    assert (log["ResourceType"], log["TrafficType"]) == ("VPC", "ALL")
    assert group["RetentionInDays"] == 2192
    assert "KmsKeyId" in group


def network(*, logged: bool) -> Scope:
    scope = Scope()
    keys = scope.keys()
    vpc = ec2.Vpc(scope.stack, "Vpc", restrict_default_security_group=False)
    if logged:
        FlowLog(scope.stack, "FlowLog", vpc=vpc, key=keys.audit, removal_policy=RemovalPolicy.RETAIN)
    return scope


def test_its_role_writes_to_that_group_by_a_managed_policy() -> None:
    before, after = network(logged=False), network(logged=True)

    assert before.findings() - after.findings() == {("HIPAA.Security-VPCFlowLogsEnabled", "stack/Vpc/Resource")}
    assert after.findings() < before.findings()
    template = after.template().to_json()
    (policy,) = of_type(template, "AWS::IAM::ManagedPolicy")
    assert of_type(template, "AWS::IAM::Policy") == []
    assert {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"} == {
        action for statement in policy["PolicyDocument"]["Statement"] for action in statement["Action"]
    }
    assert all("Records" in str(statement["Resource"]) for statement in policy["PolicyDocument"]["Statement"])
