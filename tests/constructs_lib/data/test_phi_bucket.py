from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match

from constructs_lib.data.phi_bucket import FOR_GOOD, Keeping, PhiBucket
from constructs_lib.errors import ConfigurationError
from tests.infra import Json, Scope, many, of_type, statements, text_of


def built() -> tuple[Scope, PhiBucket]:
    scope = Scope()
    return scope, scope.bucket("Films", scope.keys(), scope.access_logs())


def test_the_bucket_and_its_replica_are_private_versioned_encrypted_and_logged() -> None:
    scope, _ = built()
    buckets = [bucket for bucket in of_type(scope.template().to_json(), "AWS::S3::Bucket") if "LoggingConfiguration" in bucket]

    assert len(buckets) == 2
    for bucket in buckets:
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert "KMSMasterKeyID" in rule["ServerSideEncryptionByDefault"]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_the_only_finding_is_that_the_replica_has_no_replica() -> None:
    scope, _ = built()

    assert {finding for finding in scope.findings() if "/Films/" in finding[1]} == {
        ("HIPAA.Security-S3BucketReplicationEnabled", "stack/Films/Replica/Bucket/Resource")
    }


def test_every_bucket_refuses_plain_http_and_old_tls() -> None:
    scope, _ = built()
    for policy in of_type(scope.template().to_json(), "AWS::S3::BucketPolicy"):
        denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [s["Condition"] for s in denied]
        assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in [s["Condition"] for s in denied]


def test_objects_are_copied_to_the_replica_under_its_own_key() -> None:
    scope, _ = built()
    template = scope.template()

    template.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "ReplicationConfiguration": {
                "Rules": [
                    Match.object_like(
                        {
                            "Status": "Enabled",
                            "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                            "Destination": {
                                "Bucket": {"Fn::GetAtt": [Match.string_like_regexp("FilmsReplica.*"), "Arn"]},
                                "EncryptionConfiguration": {
                                    "ReplicaKmsKeyID": {"Fn::GetAtt": [Match.string_like_regexp("KeysReplicas.*"), "Arn"]}
                                },
                            },
                        }
                    )
                ]
            }
        },
    )
    template.resource_count_is("AWS::IAM::Policy", 0)  # by managed policy, never inline


def test_the_replication_role_reaches_these_two_buckets_only() -> None:
    scope, _ = built()

    for statement in statements(scope.template().to_json()):
        assert all("Films" in text_of(r) or "Keys" in text_of(r) for r in many(statement["Resource"])), statement


def test_a_grant_stops_at_its_prefix() -> None:
    scope, films = built()
    policy = iam.ManagedPolicy(scope.stack, "Reader")
    films.grant_read(policy, "chest14")
    granted = [s for s in statements(scope.template().to_json()) if "s3:GetObject*" in s["Action"]]

    assert len(granted) == 1
    assert any(text_of(resource).endswith("/chest14/*") for resource in granted[0]["Resource"])
    assert not any(text_of(resource).endswith(">/*") for resource in granted[0]["Resource"])


def test_the_checks_find_a_bucket_that_nobody_secured() -> None:
    scope = Scope()
    s3.Bucket(scope.stack, "Open", removal_policy=RemovalPolicy.DESTROY)

    assert {rule.partition("-")[2] for rule, _ in scope.findings()} >= {
        "S3BucketLoggingEnabled",
        "S3BucketReplicationEnabled",
        "S3BucketVersioningEnabled",
        "S3DefaultEncryptionKMS",
    }


def kept(keeping: Keeping = FOR_GOOD) -> tuple[Scope, list[Json]]:
    """A bucket and its replica that keep objects so."""
    scope = Scope()
    keys, logs = scope.keys(), scope.access_logs()
    PhiBucket(
        scope.stack,
        "Films",
        key=keys.images,
        replica_key=keys.replicas,
        access_logs=logs,
        removal_policy=RemovalPolicy.RETAIN,
        keeping=keeping,
    )
    template = scope.template().to_json()
    return scope, [bucket for bucket in of_type(template, "AWS::S3::Bucket") if "LoggingConfiguration" in bucket]


def test_what_stays_moves_to_the_cheapest_tier_and_what_was_replaced_goes() -> None:
    _, buckets = kept()
    assert len(buckets) == 2
    for bucket in buckets:
        (rule,) = bucket["LifecycleConfiguration"]["Rules"]
        assert rule["Transitions"] == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}]
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
        assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
        assert "ExpirationInDays" not in rule


def test_what_expires_goes_for_good_from_the_copy_too() -> None:
    _, buckets = kept(Keeping(expire_after_days=3))
    assert len(buckets) == 2
    for bucket in buckets:
        (rule,) = bucket["LifecycleConfiguration"]["Rules"]
        assert rule["ExpirationInDays"] == 3
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
        assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}
        assert "Transitions" not in rule


@pytest.mark.parametrize(("compliance", "mode"), [(True, "COMPLIANCE"), (False, "GOVERNANCE")])
def test_a_lock_is_on_both_and_its_dates_are_copied(compliance: bool, mode: str) -> None:
    scope, buckets = kept(Keeping(locked_days=2192, compliance=compliance))
    assert len(buckets) == 2
    for bucket in buckets:
        assert bucket["ObjectLockEnabled"] is True
        assert bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Days": 2192, "Mode": mode}
    actions = {action for s in statements(scope.template().to_json()) for action in many(s["Action"])}
    assert {"s3:GetObjectRetention", "s3:GetObjectLegalHold"} <= actions


def test_without_a_lock_there_is_nothing_of_it() -> None:
    scope, buckets = kept()

    assert not [bucket for bucket in buckets if "ObjectLockEnabled" in bucket]
    assert "s3:GetObjectRetention" not in str(list(statements(scope.template().to_json())))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"expire_after_days": 0}, "expire_after_days is 0"),
        ({"expire_after_days": 30, "locked_days": 60}, "locked_days 60"),
        ({"compliance": True}, "locked_days is None"),
    ],
)
def test_what_would_have_to_go_before_it_may_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Keeping(**wrong)


def test_arrivals_are_announced_without_a_function_that_sets_it_up() -> None:
    scope, films = built()
    films.announce_arrivals()
    template = scope.template()
    told = [bucket for bucket in of_type(template.to_json(), "AWS::S3::Bucket") if "NotificationConfiguration" in bucket]

    assert [bucket["NotificationConfiguration"] for bucket in told] == [
        {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    ]
    template.resource_count_is("AWS::Lambda::Function", 0)


def test_who_may_write_may_neither_read_nor_delete() -> None:
    scope, films = built()
    films.grant_write(iam.ManagedPolicy(scope.stack, "Writer"), "chest14")
    granted = [s for s in statements(scope.template().to_json()) if "s3:PutObject" in many(s["Action"])]

    assert len(granted) == 1
    assert not [action for action in granted[0]["Action"] if action.startswith(("s3:Get", "s3:Delete"))]
    assert text_of(granted[0]["Resource"]).endswith("/chest14/*")
