"""Keys turn, tables are kept and forget in time, parameters and backups are spelt as their services spell them."""

from __future__ import annotations

from tests.operations.rehearse.types.asked import accepted


def test_a_key_turns_as_often_as_the_template_says() -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    tags = [{"Key": "k", "Value": "v"}]
    asked = accepted("AWS::KMS::Key", {"KeyPolicy": policy, "EnableKeyRotation": True, "RotationPeriodInDays": 90, "Tags": tags})

    assert asked["CreateKey"]["Policy"] == '{"Version": "2012-10-17", "Statement": []}'
    assert asked["CreateKey"]["Tags"] == [{"TagKey": "k", "TagValue": "v"}]
    assert asked["EnableKeyRotation"]["RotationPeriodInDays"] == 90
    assert list(accepted("AWS::KMS::Key", {"KeyPolicy": policy})) == ["CreateKey"]


def test_a_table_is_encrypted_kept_and_forgets() -> None:
    asked = accepted(
        "AWS::DynamoDB::Table",
        {
            "TableName": "audit",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "k"},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
        },
    )

    assert asked["CreateTable"]["SSESpecification"] == {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "k"}
    assert asked["UpdateContinuousBackups"]["TableName"] == "audit"
    assert asked["UpdateTimeToLive"]["TimeToLiveSpecification"]["AttributeName"] == "until"


def test_the_tags_of_a_parameter_are_a_list_for_its_service() -> None:
    asked = accepted("AWS::SSM::Parameter", {"Name": "/n", "Type": "String", "Value": "none", "Tags": {"k": "v"}})

    assert asked["PutParameter"]["Tags"] == [{"Key": "k", "Value": "v"}]


def test_a_secret_that_is_generated_has_some_value() -> None:
    assert accepted("AWS::SecretsManager::Secret", {"GenerateSecretString": {}})["CreateSecret"]["SecretString"]


def test_rules_of_backups_name_their_vault() -> None:
    plan = {"BackupPlanName": "nightly", "BackupPlanRule": [{"RuleName": "night", "TargetBackupVault": "vault"}]}

    asked = accepted("AWS::Backup::BackupPlan", {"BackupPlan": plan})["CreateBackupPlan"]["BackupPlan"]

    assert asked["Rules"] == [{"RuleName": "night", "TargetBackupVaultName": "vault"}]
