"""Buckets for films and models, and the bucket that their access logs go to."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

LOG_PREFIX = "access/"


class AccessLogBucket(Construct):
    """Receives the server access logs of the account's other buckets.

    S3 delivers access logs to buckets with SSE-S3 only, and a log bucket that logged to itself would never rest.
    """

    def __init__(self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            removal_policy=removal_policy,
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{LOG_PREFIX}*")],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )


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
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(90), abort_incomplete_multipart_upload_after=Duration.days(7)
                )
            ],
            removal_policy=removal_policy,
        )
        # set on the resource: the L2 property would write into the log bucket's policy and tie the two stacks into a circle
        self.cfn_bucket.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=access_logs.bucket.bucket_name, log_file_prefix=f"{LOG_PREFIX}{self.node.path}/"
        )

    def grant_read(self, grantee: iam.IGrantable) -> None:
        """Lets a policy read objects and decrypt them."""
        self.bucket.grant_read(grantee)

    def grant_read_write(self, grantee: iam.IGrantable) -> None:
        """Lets a policy read and write objects, decrypt and encrypt them."""
        self.bucket.grant_read_write(grantee)

    @property
    def cfn_bucket(self) -> s3.CfnBucket:
        """The CloudFormation resource."""
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        return resource


class PhiBucket(SecureBucket):
    """A bucket that may hold patients' films: a secure one whose every object is replicated to a second one."""

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, access_logs: AccessLogBucket, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id, key=key, access_logs=access_logs, removal_policy=removal_policy)
        self.replica = SecureBucket(self, "Replica", key=key, access_logs=access_logs, removal_policy=removal_policy)
        role = iam.Role(self, "ReplicationRole", assumed_by=iam.ServicePrincipal("s3.amazonaws.com"))
        self.cfn_bucket.replication_configuration = s3.CfnBucket.ReplicationConfigurationProperty(
            role=role.role_arn,
            rules=[
                s3.CfnBucket.ReplicationRuleProperty(
                    id="all",
                    status="Enabled",
                    priority=1,
                    filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=""),
                    delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(status="Enabled"),
                    source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(
                        sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(status="Enabled")
                    ),
                    destination=s3.CfnBucket.ReplicationDestinationProperty(
                        bucket=self.replica.bucket.bucket_arn,
                        encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(replica_kms_key_id=key.key_arn),
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
                iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self.key.key_arn]),
            ],
        )
