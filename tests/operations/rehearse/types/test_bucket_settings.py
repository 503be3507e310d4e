"""What buckets are told: CloudFormation's spelling becomes S3's."""

from __future__ import annotations

from typing import Any

from operations.assembly import Json
from tests.operations.rehearse.types.asked import accepted, refusals

BUCKET = "AWS::S3::Bucket"


def rules(**rule: Any) -> Json:
    return {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", **rule}]}}


def test_every_part_of_a_life_cycle_arrives() -> None:
    properties = rules(
        Id="old",
        Prefix="films/",
        ExpirationInDays=7,
        NoncurrentVersionExpiration={"NoncurrentDays": 30, "NewerNoncurrentVersions": 2},
        AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1},
        Transitions=[{"StorageClass": "GLACIER_IR", "TransitionInDays": 90}],
    )

    (rule,) = accepted(BUCKET, properties)["PutBucketLifecycleConfiguration"]["LifecycleConfiguration"]["Rules"]

    assert rule == {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": "films/"},
        "Expiration": {"Days": 7},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 2},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "Transitions": [{"Days": 90, "StorageClass": "GLACIER_IR"}],
    }


def test_a_part_of_a_life_cycle_that_nothing_here_knows_is_refused() -> None:
    assert "ExpirationInDay" in "".join(refusals(BUCKET, rules(ExpirationInDay=7)))


def test_encryption_versions_and_public_access() -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}
    block = {"BlockPublicAcls": True}
    asked = accepted(
        BUCKET,
        {
            "BucketName": "films",
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
            },
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": block,
        },
    )

    assert asked["PutBucketEncryption"]["ServerSideEncryptionConfiguration"]["Rules"] == [
        {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    ]
    assert asked["PutBucketVersioning"] == {"Bucket": "films", "VersioningConfiguration": {"Status": "Enabled"}}
    assert asked["PutPublicAccessBlock"]["PublicAccessBlockConfiguration"] == block


def test_events_and_logs_go_where_the_template_says() -> None:
    asked = accepted(
        BUCKET,
        {
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            "LoggingConfiguration": {"DestinationBucketName": "logs", "LogFilePrefix": "films/"},
        },
    )

    assert asked["PutBucketNotificationConfiguration"]["NotificationConfiguration"] == {"EventBridgeConfiguration": {}}
    assert asked["PutBucketLogging"]["BucketLoggingStatus"]["LoggingEnabled"] == {
        "TargetBucket": "logs",
        "TargetPrefix": "films/",
    }


def test_a_bare_bucket_is_told_nothing() -> None:
    assert list(accepted(BUCKET, {})) == ["CreateBucket"]
