from __future__ import annotations

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.delivery.managed_policies import Statement, manage_policies, narrowed
from tests.infra import Scope, of_type

NARROW = {"ec2:CreateNetworkInterface": ("arn:subnet", "arn:group"), "codebuild:StartBuild": ()}


def role_with(scope: Scope, *granted: iam.PolicyStatement) -> iam.Role:
    role = iam.Role(scope.stack, "Role", assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com"))
    for statement in granted:
        role.add_to_policy(statement)
    return role


def allow(action: str, resource: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=[action], resources=[resource])


def test_an_inline_policy_becomes_a_managed_one_of_the_same_role() -> None:
    scope = Scope()
    role_with(scope, allow("s3:GetObject", "arn:aws:s3:::b/x"))
    manage_policies(scope.stack, {})

    template = scope.template().to_json()
    (policy,) = of_type(template, "AWS::IAM::ManagedPolicy")
    (name,) = [name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::IAM::Role"]
    assert of_type(template, "AWS::IAM::Policy") == []
    assert policy["Roles"] == [{"Ref": name}]
    assert policy["PolicyDocument"]["Statement"] == [
        {"Action": "s3:GetObject", "Effect": "Allow", "Resource": "arn:aws:s3:::b/x"}
    ]


def test_the_checks_see_it_too() -> None:
    inline, managed = Scope(), Scope()
    for scope in (inline, managed):
        role_with(scope, allow("s3:GetObject", "arn:aws:s3:::b/x"))
    manage_policies(managed.stack, {})

    assert ("HIPAA.Security-IAMNoInlinePolicy", "stack/Role/DefaultPolicy/Resource") in inline.findings()
    assert managed.findings() == set()


def test_what_is_granted_later_is_in_it() -> None:
    scope = Scope()
    role = role_with(scope, allow("s3:GetObject", "arn:aws:s3:::b/x"))
    manage_policies(scope.stack, NARROW)
    role.add_to_policy(allow("ec2:CreateNetworkInterface", "*"))

    (policy,) = of_type(scope.template().to_json(), "AWS::IAM::ManagedPolicy")
    resources = {str(s["Action"]): s["Resource"] for s in policy["PolicyDocument"]["Statement"]}
    assert resources == {"s3:GetObject": "arn:aws:s3:::b/x", "['ec2:CreateNetworkInterface']": ["arn:subnet", "arn:group"]}


def test_what_depended_on_the_policy_still_does() -> None:
    scope = Scope()
    role = role_with(scope, allow("s3:GetObject", "arn:aws:s3:::b/x"))
    later = iam.Role(scope.stack, "Later", assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com"))
    later.node.add_dependency(role.node.find_child("DefaultPolicy"))
    manage_policies(scope.stack, {})

    resources = scope.template().to_json()["Resources"]
    (policy,) = [name for name, resource in resources.items() if resource["Type"] == "AWS::IAM::ManagedPolicy"]
    assert [resource["DependsOn"] for resource in resources.values() if "DependsOn" in resource] == [[policy]]


def test_an_empty_policy_leaves_nothing() -> None:
    scope = Scope()
    role_with(scope).attach_inline_policy(iam.Policy(scope.stack, "Empty"))
    manage_policies(scope.stack, {})

    assert {resource["Type"] for resource in scope.template().to_json()["Resources"].values()} == {"AWS::IAM::Role"}
    assert scope.findings() == set()


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        "arn:aws:logs:::log-group:/aws/codebuild/*",
        {"Fn::Join": ["", ["arn:", {"Ref": "X"}, ":role/*"]]},
        {"Fn::Sub": "${X}/*"},
    ],
)
def test_patterns_are_narrowed(resource: object) -> None:
    wide: Statement = {"Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": resource}

    (narrow,) = narrowed(wide, NARROW)

    assert narrow == {"Effect": "Allow", "Action": ["ec2:CreateNetworkInterface"], "Resource": ["arn:subnet", "arn:group"]}


@pytest.mark.parametrize("resource", ["arn:name", {"Fn::GetAtt": ["Group", "Arn"]}, [{"Ref": "X"}, "arn:name"]])
def test_names_are_left_alone(resource: object) -> None:
    statement: Statement = {"Effect": "Allow", "Action": ["ec2:CreateNetworkInterface"], "Resource": resource}

    assert narrowed(statement, NARROW) == [statement]


def test_a_statement_is_divided_and_keeps_its_condition() -> None:
    condition = {"StringEquals": {"aws:x": "y"}}
    actions = ["ec2:DescribeVpcs", "codebuild:StartBuild", "ec2:CreateNetworkInterface"]

    kept, moved = narrowed({"Effect": "Allow", "Action": actions, "Resource": "*", "Condition": condition}, NARROW)

    assert (kept["Action"], kept["Resource"]) == (["ec2:DescribeVpcs"], "*")
    assert (moved["Action"], moved["Resource"]) == (["ec2:CreateNetworkInterface"], ["arn:subnet", "arn:group"])
    assert kept["Condition"] == moved["Condition"] == condition


def test_an_action_that_nothing_needs_is_taken_away() -> None:
    assert narrowed({"Effect": "Allow", "Action": "codebuild:StartBuild", "Resource": "*"}, NARROW) == []
