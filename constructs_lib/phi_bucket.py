"""Buckets that may hold patients' films, or what was made of them."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.access_log_bucket import AccessLogBucket


class SecureBucket(Construct):
    """One bucket: customer key, TLS 1.2 or newer only, private, versioned, access-logged."""

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, access_logs: AccessLogBucket, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self.key = key
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            server_access_logs_bucket=access_logs.target,
            server_access_logs_prefix=f"{self.node.path}/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(90), abort_incomplete_multipart_upload_after=Duration.days(7)
                )
            ],
            removal_policy=removal_policy,
        )
        Validations.of(self.bucket).acknowledge(
            Acknowledgment(
                id="@aws-cdk/aws-s3:accessLogsPolicyNotAdded",
                reason="AccessLogBucket has its own policy, which lets the logging service of this account write.",
            )
        )

    def grant_read(self, grantee: iam.IGrantable, prefix: str = "") -> None:
        """Lets a policy read the objects below a prefix and decrypt them."""
        self.bucket.grant_read(grantee, _below(prefix))

    def grant_read_write(self, grantee: iam.IGrantable, prefix: str = "") -> None:
        """Lets a policy read and write the objects below a prefix, decrypt and encrypt them."""
        self.bucket.grant_read_write(grantee, _below(prefix))

    @property
    def cfn_bucket(self) -> s3.CfnBucket:
        """The CloudFormation resource."""
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        return resource


class PhiBucket(SecureBucket):
    """A bucket that may hold patients' films: a secure one whose every object is copied to a second one.

    ``replica_key`` encrypts the copies; whoever may read the bucket has no use of it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        replica_key: kms.IKey,
        access_logs: AccessLogBucket,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id, key=key, access_logs=access_logs, removal_policy=removal_policy)
        self.replica = SecureBucket(self, "Replica", key=replica_key, access_logs=access_logs, removal_policy=removal_policy)
        role = iam.Role(self, "ReplicationRole", assumed_by=iam.ServicePrincipal("s3.amazonaws.com"))
        self.cfn_bucket.replication_configuration = s3.CfnBucket.ReplicationConfigurationProperty(
            role=role.role_arn,
            rules=[
                s3.CfnBucket.ReplicationRuleProperty(
                    id="all",
                    status="Enabled",
                    priority=1,
                    filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=""),
                    # a deletion does not reach the copy: the copy is there for what should not have been deleted
                    delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(status="Disabled"),
                    source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(
                        sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(status="Enabled")
                    ),
                    destination=s3.CfnBucket.ReplicationDestinationProperty(
                        bucket=self.replica.bucket.bucket_arn,
                        encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(
                            replica_kms_key_id=replica_key.key_arn
                        ),
                    ),
                )
            ],
        )
        self._allow_replication(role)

    def _allow_replication(self, role: iam.Role) -> None:
        """What S3's documentation asks for replication under KMS, and no more."""
        source, target = self.bucket, self.replica.bucket
        iam.ManagedPolicy(
            self,
            "ReplicationPolicy",
            roles=[role],
            statements=[
                iam.PolicyStatement(actions=["s3:GetReplicationConfiguration", "s3:ListBucket"], resources=[source.bucket_arn]),
                iam.PolicyStatement(
                    actions=["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
                    resources=[source.arn_for_objects("*")],
                ),
                iam.PolicyStatement(
                    actions=["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                    resources=[target.arn_for_objects("*")],
                ),
                iam.PolicyStatement(actions=["kms:Decrypt"], resources=[self.key.key_arn]),
                iam.PolicyStatement(actions=["kms:Encrypt", "kms:GenerateDataKey"], resources=[self.replica.key.key_arn]),
            ],
        )


def _below(prefix: str) -> str:
    return f"{prefix}/*" if prefix else "*"
