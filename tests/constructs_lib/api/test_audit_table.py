from __future__ import annotations

import pytest
from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from constructs_lib.api.audit_table import AuditTable
from tests.infra import Json, Scope, many, of_type, statements, text_of


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    keys = built.keys()
    audit = AuditTable(built.stack, "Audit", key=keys.messages, removal_policy=RemovalPolicy.RETAIN)
    audit.grant_add(iam.ManagedPolicy(built.stack, "Writer"))
    return built


@pytest.fixture(scope="module")
def template(scope: Scope) -> Json:
    return dict(scope.template().to_json())


def test_records_are_encrypted_recoverable_and_kept(template: Json) -> None:
    (table,) = of_type(template, "AWS::DynamoDB::Table")

    assert "KeysMessages" in text_of(table["SSESpecification"]["KMSMasterKeyId"])
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert "TimeToLiveSpecification" not in table


def test_what_somebody_did_can_be_asked(template: Json) -> None:
    (table,) = of_type(template, "AWS::DynamoDB::Table")
    (index,) = table["GlobalSecondaryIndexes"]

    assert [key["AttributeName"] for key in index["KeySchema"]] == ["who", "at"]


def test_whoever_adds_can_neither_change_nor_delete(template: Json) -> None:
    actions = {a for s in statements(template) for a in many(s["Action"]) if a.startswith("dynamodb:")}

    assert {"dynamodb:PutItem", "dynamodb:Query"} <= actions
    assert not actions & {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:DeleteTable", "dynamodb:Scan"}


def test_whoever_adds_may_use_the_key_as_dynamodb_does(template: Json) -> None:
    actions = {action for statement in statements(template) for action in many(statement["Action"])}

    assert {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"} <= actions


def test_a_plain_table_would_be_found() -> None:
    plain = Scope()
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    dynamodb.Table(plain.stack, "Plain", partition_key=key)

    rules = {rule.removeprefix("HIPAA.Security-") for rule, _ in plain.findings()}
    assert {"DynamoDBInBackupPlan", "DynamoDBPITREnabled", "DynamoDBAutoScalingEnabled"} <= rules
