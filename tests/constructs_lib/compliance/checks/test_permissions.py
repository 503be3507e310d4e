from __future__ import annotations

from typing import Any

import pytest

from tests.constructs_lib.compliance.checks.cases import Resources, complies, said

POLICY = "AWS::IAM::ManagedPolicy"
ROLE = {"Fn::GetAtt": ["Role", "Arn"]}
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def policy(action: Any, resource: Any, condition: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"PolicyDocument": {"Statement": [statement | ({"Condition": condition} if condition else {})]}}


def test_a_role_passed_by_name_to_a_named_service_complies() -> None:
    assert complies("PassRoleNamed", POLICY, policy("iam:PassRole", ROLE, TO_SAGEMAKER))
    assert said("PassRoleNamed", POLICY, policy("s3:GetObject", "*")) is None


@pytest.mark.parametrize(
    "properties",
    [
        policy("iam:PassRole", ROLE),
        policy("iam:PassRole", "*", TO_SAGEMAKER),
        policy("iam:PassRole", "arn:aws:iam::123456789012:role/*", TO_SAGEMAKER),
        policy(["s3:GetObject", "IAM:Pass*"], ROLE),
        policy("*", ROLE),
    ],
)
def test_any_other_does_not(properties: Any) -> None:
    assert said("PassRoleNamed", POLICY, properties)
    assert said("PassRoleNamed", "AWS::IAM::Role", {"Policies": [properties]}), "inline as well"


NAMESPACE = {"StringEquals": {"cloudwatch:namespace": "Overread"}}


@pytest.mark.parametrize(
    "properties",
    [
        policy("s3:GetObject", {"Fn::Join": ["", [{"Ref": "Films"}, "/*"]]}),
        policy(["ec2:DescribeSubnets", "ecr:GetAuthorizationToken", "xray:PutTraceSegments"], "*"),
        policy(["logs:CreateLogDelivery", "logs:PutResourcePolicy"], ["*"]),
        policy("cloudwatch:PutMetricData", "*", NAMESPACE),
        policy("s3:*", "*", Effect="Deny"),
    ],
)
def test_named_resources_comply_and_actions_that_know_none(properties: Any) -> None:
    assert not said("ResourcesNamed", POLICY, properties)


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        (policy("s3:GetObject", "*"), "s3:GetObject on every resource"),
        (policy(["ec2:DescribeSubnets", "ec2:CreateNetworkInterface"], "*"), "ec2:CreateNetworkInterface on every resource"),
        (policy("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:us-east-1:123456789012:*"), "InvokeEndpoint on every"),
        (policy("ec2:*", "*"), r"ec2:* on every resource"),
        (policy("cloudwatch:PutMetricData", "*"), "PutMetricData on every resource"),
        ({"PolicyDocument": {"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": ROLE}}}, "NotAction"),
    ],
)
def test_a_star_where_there_is_a_name_does_not(properties: Any, problem: str) -> None:
    assert problem in str(said("ResourcesNamed", POLICY, properties))


def test_a_permissions_boundary_grants_nothing_and_is_not_judged_as_if_it_did() -> None:
    boundary = policy("*", "*")
    limited: Resources = {"Role": ("AWS::IAM::Role", {"PermissionsBoundary": {"Ref": "It"}})}

    for rule in ("PassRoleNamed", "ResourcesNamed"):
        assert said(rule, POLICY, boundary, limited) is None
        assert said(rule, POLICY, boundary | {"Roles": [{"Ref": "Role"}]}, limited), "attached as well, it grants"


PERMISSION, URL = "AWS::Lambda::Permission", "AWS::Lambda::Url"


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (PERMISSION, {"Principal": "events.amazonaws.com", "SourceArn": "arn"}),
        (PERMISSION, {"Principal": "s3.amazonaws.com", "SourceAccount": {"Ref": "AWS::AccountId"}}),
        (PERMISSION, {"Principal": ROLE}),
        (URL, {"AuthType": "AWS_IAM"}),
    ],
)
def test_a_named_caller_complies(kind: str, properties: Any) -> None:
    assert complies("LambdaCallerNamed", kind, properties)


@pytest.mark.parametrize(
    ("kind", "properties", "problem"),
    [
        (PERMISSION, {"Principal": "*"}, "everybody may invoke it"),
        (PERMISSION, {"Principal": ROLE, "FunctionUrlAuthType": "NONE"}, "everybody may invoke it"),
        (PERMISSION, {"Principal": "events.amazonaws.com"}, "for any customer; name SourceArn"),
        (URL, {"AuthType": "NONE"}, "whoever knows it"),
    ],
)
def test_an_unnamed_caller_does_not(kind: str, properties: Any, problem: str) -> None:
    assert problem in str(said("LambdaCallerNamed", kind, properties))


def topic(principal: Any, condition: Any = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Condition": condition}
    return {"PolicyDocument": {"Statement": [statement]}}


def test_a_resource_policy_names_or_confines() -> None:
    assert complies("ResourcePolicyNamed", "AWS::SNS::TopicPolicy", topic({"Service": "events.amazonaws.com"}))
    assert complies("ResourcePolicyNamed", "AWS::SNS::TopicPolicy", topic("*", {"StringEquals": {"aws:SourceAccount": "1"}}))
    assert said("ResourcePolicyNamed", "AWS::ECR::Repository", {}) is None


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["*"]}])
def test_one_for_everybody_does_not(principal: Any) -> None:
    assert said("ResourcePolicyNamed", "AWS::SNS::TopicPolicy", topic(principal)) == ["everybody may sns:Publish"]
