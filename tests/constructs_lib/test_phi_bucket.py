from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match

from constructs_lib.phi_bucket import PhiBucket
from tests.infra import Scope, many, of_type, statements, text_of


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
