from __future__ import annotations

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.security.permissions_boundary import FORBIDDEN, LOOKING, PermissionsBoundary
from tests.infra import Json, Scope, of_type


@pytest.fixture(scope="module")
def template() -> Json:
    scope = Scope()
    PermissionsBoundary(scope.stack, "Boundary").enclose(scope.stack)
    iam.Role(scope.stack, "Any", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    return dict(scope.template().to_json())


def test_every_role_is_enclosed(template: Json) -> None:
    (role,) = of_type(template, "AWS::IAM::Role")
    (name,) = (name for name, r in template["Resources"].items() if r["Type"] == "AWS::IAM::ManagedPolicy")

    assert role["PermissionsBoundary"] == {"Ref": name}


def test_no_role_can_give_rights_or_touch_the_records(template: Json) -> None:
    (policy,) = of_type(template, "AWS::IAM::ManagedPolicy")
    within, looking, passing = policy["PolicyDocument"]["Statement"]

    assert set(within["NotAction"]) == set(FORBIDDEN)
    assert {"iam:*", "cloudtrail:StopLogging", "s3:BypassGovernanceRetention", "kms:ScheduleKeyDeletion"} <= set(FORBIDDEN)
    assert set(looking["Action"]) == set(LOOKING)
    assert not any(verb in action for action in LOOKING for verb in ("Put", "Create", "Attach", "Add", "Update", "*Role", ":*"))
    assert passing["Action"] == "iam:PassRole"
    assert "iam:PassedToService" in passing["Condition"]["StringEquals"]


def test_it_is_a_bound_and_grants_nothing(template: Json) -> None:
    (policy,) = of_type(template, "AWS::IAM::ManagedPolicy")

    assert not {"Roles", "Users", "Groups"} & policy.keys()
