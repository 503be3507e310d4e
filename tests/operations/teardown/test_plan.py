"""What goes, in which order, and what stays and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from operations.assembly import SynthesizedStack
from operations.teardown.plan import Plan, describe, plan, reverse_order
from stacks.environments import DEV, PROD, Environment
from tests.operations.judge.broken import stack


def planned(environment: Environment, **resource: Any) -> Plan:
    return plan(environment, [stack({"Resources": {"It": resource}})])


def verbs(found: Plan) -> list[str]:
    return [verb for verb in ("emptied", "stopped", "retained", "pending", "refused") if getattr(found, verb)]


def chain(*names: str) -> list[SynthesizedStack]:
    """Stacks, each of which needs the one before it."""
    return [
        replace(stack({"Resources": {}}, name), depends_on=(names[number - 1], "an.assets") if number else ())
        for number, name in enumerate(names)
    ]


def test_whoever_needs_another_goes_first() -> None:
    security, data, audit = chain("security", "data", "audit")

    assert [found.name for found in reverse_order([audit, security, data])] == ["audit", "data", "security"]


@pytest.mark.parametrize(
    ("environment", "resource", "verb"),
    [
        (DEV, {"Type": "AWS::S3::Bucket"}, ["emptied"]),
        (DEV, {"Type": "AWS::S3::Bucket", "Properties": {"ObjectLockEnabled": True}}, ["retained"]),
        (PROD, {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}, ["retained"]),
        (PROD, {"Type": "AWS::S3::Bucket"}, ["refused"]),
        (DEV, {"Type": "AWS::KMS::Key"}, ["pending"]),
        (PROD, {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain"}, ["retained"]),
        (DEV, {"Type": "AWS::CloudTrail::Trail"}, ["stopped"]),
        (DEV, {"Type": "AWS::SageMaker::ModelPackageGroup"}, ["emptied"]),
        (PROD, {"Type": "AWS::SageMaker::ModelPackageGroup"}, ["refused"]),
        (DEV, {"Type": "AWS::Backup::BackupVault"}, ["emptied"]),
        (PROD, {"Type": "AWS::Backup::BackupVault", "DeletionPolicy": "Retain"}, ["retained"]),
        (DEV, {"Type": "AWS::DynamoDB::Table", "Properties": {"DeletionProtectionEnabled": True}}, ["refused"]),
        (DEV, {"Type": "AWS::Cognito::UserPool", "Properties": {"DeletionProtection": "ACTIVE"}}, ["refused"]),
        (PROD, {"Type": "AWS::IAM::Role"}, []),
    ],
)
def test_each_kind_has_its_own_end(environment: Environment, resource: dict[str, Any], verb: list[str]) -> None:
    assert verbs(planned(environment, **resource)) == verb


def test_a_locked_bucket_is_never_emptied_even_where_nothing_is_kept() -> None:
    locked = planned(DEV, Type="AWS::S3::Bucket", Properties={"ObjectLockEnabled": True})

    assert not locked.emptied
    assert "Object Lock" in locked.retained[0].why


def test_a_key_says_how_long_it_can_be_kept() -> None:
    found = planned(DEV, Type="AWS::KMS::Key", Properties={"PendingWindowInDays": 7})

    assert "7 days" in found.pending[0].why
    assert "cancel-key-deletion" in found.pending[0].why


def test_the_plan_says_every_stack_and_every_reason() -> None:
    found = planned(PROD, Type="AWS::S3::Bucket", DeletionPolicy="Retain")
    said = "\n".join(describe(found))

    assert "delete   overread-dev-data (1 resources)" in said
    assert "retain   data/It (AWS::S3::Bucket): its deletion policy is Retain" in said
    assert "log groups that jobs made" in said
