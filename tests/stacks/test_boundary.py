"""The boundary against what the roles inside it are for: a right that it takes away again is one that fails at work."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from constructs_lib.security.permissions_boundary import FORBIDDEN
from tests.infra import Json, Platform, many

PASSING = "iam:PassRole"
"""Forbidden with the rest of IAM, and let in by a statement of its own for some services."""


def enclosed(template: Json) -> Iterator[Json]:
    """Policies of roles that have the boundary."""
    resources = template["Resources"]
    for resource in resources.values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            roles = [resources[role["Ref"]] for role in resource["Properties"].get("Roles", []) if "Ref" in role]
            if any("PermissionsBoundary" in role["Properties"] for role in roles):
                yield resource["Properties"]


def allowed(platform: Platform) -> list[Json]:
    policies = [policy for template in platform.templates.values() for policy in enclosed(template)]
    return [s for policy in policies for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]


def test_no_role_is_given_what_its_boundary_takes_away(platform: Platform) -> None:
    actions = {action for statement in allowed(platform) for action in many(statement["Action"])} - {PASSING}

    assert len(actions) > 50
    assert not [a for a in actions if any(fnmatchcase(a.lower(), forbidden.lower()) for forbidden in FORBIDDEN)]


def test_roles_are_passed_to_services_that_the_boundary_names(platform: Platform) -> None:
    boundary = next(
        resource["Properties"]
        for resource in platform.templates["security"]["Resources"].values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy" and "NotAction" in str(resource)
    )
    (bound,) = [s for s in boundary["PolicyDocument"]["Statement"] if s.get("Action") == PASSING]
    services = set(many(bound["Condition"]["StringEquals"]["iam:PassedToService"]))
    passing = [s for s in allowed(platform) if PASSING in many(s["Action"])]

    assert passing
    assert all(set(many(s["Condition"]["StringEquals"]["iam:PassedToService"])) <= services for s in passing)
