from __future__ import annotations

import pytest
from aws_cdk import RemovalPolicy

from constructs_lib.api.audit_table import AuditTable
from constructs_lib.api.backup_plan import BackupPlan
from tests.infra import Json, Scope, many, of_type, statements, text_of


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    keys = built.keys()
    table = AuditTable(built.stack, "Audit", key=keys.messages, removal_policy=RemovalPolicy.RETAIN).table
    BackupPlan(built.stack, "Backup", table=table, key=keys.replicas, removal_policy=RemovalPolicy.RETAIN)
    return built


@pytest.fixture(scope="module")
def template(scope: Scope) -> Json:
    return dict(scope.template().to_json())


def test_copies_outlive_six_years_under_another_key(template: Json) -> None:
    (vault,) = of_type(template, "AWS::Backup::BackupVault")
    (plan,) = of_type(template, "AWS::Backup::BackupPlan")
    kept = [rule["Lifecycle"]["DeleteAfterDays"] for rule in plan["BackupPlan"]["BackupPlanRule"]]

    assert "KeysReplicas" in text_of(vault["EncryptionKeyArn"])
    assert min(kept) >= 35 and max(kept) > 6 * 365
    assert "backup:DeleteRecoveryPoint" in str(vault["AccessPolicy"])


def test_backups_open_one_table_and_one_vault(template: Json) -> None:
    assert not [s for s in statements(template) if "*" in many(s["Resource"])]
    assert of_type(template, "AWS::IAM::Policy") == []
    assert not [role for role in of_type(template, "AWS::IAM::Role") if role.get("ManagedPolicyArns")]


def test_the_tables_resource_is_what_is_copied(template: Json) -> None:
    (selection,) = of_type(template, "AWS::Backup::BackupSelection")

    assert len(selection["BackupSelection"]["Resources"]) == 1
    assert "AuditTable" in text_of(selection["BackupSelection"]["Resources"][0])


def test_nothing_is_found(scope: Scope) -> None:
    assert not [found for found in scope.findings() if "/Audit/" in found[1] or "/Backup/" in found[1]]
