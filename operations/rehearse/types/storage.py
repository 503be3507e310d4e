"""Keys, buckets, tables, parameters, secrets, backups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from operations.rehearse.request import Json, Request
from operations.rehearse.types.bucket_settings import NOT_REHEARSED, TOLD_AFTERWARDS, settings_of
from operations.rehearse.types.kind import Kind, as_text, picked, same


def _key(properties: Json) -> Json:
    settings = ("KeyPolicy", "Tags", "EnableKeyRotation", "RotationPeriodInDays", "PendingWindowInDays", "Enabled")
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", ())]
    return {"Policy": as_text(properties["KeyPolicy"]), "Tags": tags, **same(*settings)(properties)}


def _rotation(properties: Json, made: Json) -> list[Request]:
    if not properties.get("EnableKeyRotation"):
        return []
    period = picked(properties, "RotationPeriodInDays")
    return [Request("kms", "EnableKeyRotation", {"KeyId": made["answer"]["KeyMetadata"]["KeyId"], **period})]


def _alias(properties: Json) -> Json:
    return same()(properties)


def _bucket(properties: Json) -> Json:
    locked = {"ObjectLockEnabledForBucket": True} if properties.get("ObjectLockEnabled") else {}
    access = {"ACL": properties["AccessControl"].lower()} if properties.get("AccessControl") == "Private" else {}
    known = ("BucketName", "ObjectLockEnabled", *TOLD_AFTERWARDS, *NOT_REHEARSED, *(("AccessControl",) if access else ()))
    return {"Bucket": properties["BucketName"], **locked, **access, **same(*known)(properties)}


def _bucket_policy(properties: Json) -> Json:
    return {"Bucket": properties["Bucket"], "Policy": as_text(properties["PolicyDocument"])}


def _table(properties: Json) -> Json:
    encryption = {
        {"SSEEnabled": "Enabled"}.get(name, name): value for name, value in properties.get("SSESpecification", {}).items()
    }
    later = (
        "SSESpecification",
        "PointInTimeRecoverySpecification",
        "TimeToLiveSpecification",
        "ContributorInsightsSpecification",
    )
    return same(*later, "KinesisStreamSpecification")(properties) | ({"SSESpecification": encryption} if encryption else {})


def _table_settings(properties: Json, made: Json) -> list[Request]:
    table = {"TableName": made["request"]["TableName"]}
    requests = []
    if "PointInTimeRecoverySpecification" in properties:
        recovery = picked(properties, "PointInTimeRecoverySpecification")
        requests.append(Request("dynamodb", "UpdateContinuousBackups", table | recovery))
    if "TimeToLiveSpecification" in properties:
        requests.append(Request("dynamodb", "UpdateTimeToLive", table | picked(properties, "TimeToLiveSpecification")))
    return requests


def _parameter(properties: Json) -> Json:
    tags = [{"Key": name, "Value": value} for name, value in properties.get("Tags", {}).items()]
    return {**same("Tags")(properties), "Tags": tags}


def _secret(properties: Json) -> Json:
    generated = {"SecretString": "rehearsal"} if "GenerateSecretString" in properties else {}
    return same("GenerateSecretString", "ReplicaRegions")(properties) | generated


def _backup_plan(properties: Json) -> Json:
    plan = properties["BackupPlan"]
    rules = [same(TargetBackupVault="TargetBackupVaultName")(rule) for rule in plan["BackupPlanRule"]]
    return same("BackupPlan")(properties) | {"BackupPlan": {**same("BackupPlanRule")(plan), "Rules": rules}}


TYPES: Final[Mapping[str, Kind]] = {
    "AWS::Backup::BackupPlan": Kind(
        "backup",
        "CreateBackupPlan",
        _backup_plan,
        "answer.BackupPlanId",
        {"BackupPlanId": "answer.BackupPlanId", "BackupPlanArn": "answer.BackupPlanArn", "VersionId": "answer.VersionId"},
    ),
    "AWS::Backup::BackupSelection": Kind("backup", "CreateBackupSelection", same(), "answer.SelectionId"),
    "AWS::Backup::BackupVault": Kind(
        "backup",
        "CreateBackupVault",
        same("AccessPolicy", "LockConfiguration", "Notifications"),
        "request.BackupVaultName",
        {"BackupVaultArn": "answer.BackupVaultArn", "BackupVaultName": "request.BackupVaultName"},
    ),
    "AWS::DynamoDB::Table": Kind(
        "dynamodb",
        "CreateTable",
        _table,
        "request.TableName",
        {"Arn": "answer.TableDescription.TableArn", "StreamArn": "answer.TableDescription.LatestStreamArn"},
        name="TableName",
        follow=_table_settings,
    ),
    "AWS::KMS::Alias": Kind("kms", "CreateAlias", _alias, "request.AliasName"),
    "AWS::KMS::Key": Kind(
        "kms",
        "CreateKey",
        _key,
        "answer.KeyMetadata.KeyId",
        {"Arn": "answer.KeyMetadata.Arn", "KeyId": "answer.KeyMetadata.KeyId"},
        follow=_rotation,
    ),
    "AWS::S3::Bucket": Kind(
        "s3",
        "CreateBucket",
        _bucket,
        "request.Bucket",
        {
            "Arn": "arn:aws:s3:::{request.Bucket}",
            "DomainName": "{request.Bucket}.s3.amazonaws.com",
            "RegionalDomainName": "{request.Bucket}.s3.{place.region}.amazonaws.com",
        },
        name="BucketName",
        follow=lambda properties, made: settings_of(made["request"]["Bucket"], properties),
    ),
    "AWS::S3::BucketPolicy": Kind("s3", "PutBucketPolicy", _bucket_policy, "request.Bucket"),
    "AWS::SSM::Parameter": Kind("ssm", "PutParameter", _parameter, "request.Name", {"Value": "request.Value"}, name="Name"),
    "AWS::SecretsManager::Secret": Kind(
        "secretsmanager", "CreateSecret", _secret, "answer.ARN", {"Id": "answer.ARN"}, name="Name"
    ),
}
