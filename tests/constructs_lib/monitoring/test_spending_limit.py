from __future__ import annotations

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from constructs_lib.errors import ConfigurationError
from constructs_lib.monitoring.spending_limit import SpendingLimit
from constructs_lib.security.permissions_boundary import PermissionsBoundary
from tests.infra import Json, Scope, of_type


def build(monthly_usd: int) -> Scope:
    scope = Scope()
    topic = sns.Topic(scope.stack, "Notices", master_key=scope.keys().messages, enforce_ssl=True)
    starter = iam.Role(scope.stack, "Starter", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    PermissionsBoundary(scope.stack, "Boundary").enclose(scope.stack)
    SpendingLimit(scope.stack, "Limit", environment="dev", monthly_usd=monthly_usd, notices=topic, stops=starter)
    return scope


@pytest.fixture(scope="module")
def scope() -> Scope:
    return build(500)


@pytest.fixture(scope="module")
def template(scope: Scope) -> Json:
    return dict(scope.template().to_json())


def test_it_counts_what_is_tagged_with_the_environment(template: Json) -> None:
    (budget,) = of_type(template, "AWS::Budgets::Budget")

    assert budget["Budget"]["BudgetLimit"] == {"Amount": 500, "Unit": "USD"}
    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": ["user:environment$dev"]}


def test_people_hear_of_it_before_it_bites(template: Json) -> None:
    (budget,) = of_type(template, "AWS::Budgets::Budget")
    warnings = [n["Notification"] for n in budget["NotificationsWithSubscribers"]]

    assert min(w["Threshold"] for w in warnings) == 80
    assert all(n["Subscribers"][0]["SubscriptionType"] == "SNS" for n in budget["NotificationsWithSubscribers"])


def test_at_the_limit_no_job_starts_any_more(template: Json) -> None:
    (action,) = of_type(template, "AWS::Budgets::BudgetsAction")
    (brake,) = (p for p in of_type(template, "AWS::IAM::ManagedPolicy") if "Attached by the budget" in p.get("Description", ""))

    assert action["ApprovalModel"] == "AUTOMATIC"
    assert action["ActionThreshold"] == {"Type": "PERCENTAGE", "Value": 100}
    assert "Starter" in str(action["Definition"]["IamActionDefinition"]["Roles"])
    assert {s["Effect"] for s in brake["PolicyDocument"]["Statement"]} == {"Deny"}


def test_only_the_budgets_hand_is_outside_the_boundary_and_it_holds_one_policy(template: Json) -> None:
    free = [
        name
        for name, r in template["Resources"].items()
        if r["Type"] == "AWS::IAM::Role" and "PermissionsBoundary" not in r["Properties"]
    ]
    (policy,) = (p for p in of_type(template, "AWS::IAM::ManagedPolicy") if "iam:AttachRolePolicy" in str(p))
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert [name.startswith("LimitHand") for name in free] == [True]
    assert "iam:PolicyARN" in statement["Condition"]["ArnEquals"]
    assert statement["Resource"] != "*"


def test_nothing_is_found(scope: Scope) -> None:
    assert not [found for found in scope.findings() if "/Limit/" in found[1]]


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="monthly_usd is 0; allowed: 1 to 1000000"):
        build(0)
