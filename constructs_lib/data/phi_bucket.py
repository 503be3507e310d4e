"""Buckets for patients' films, or for what was made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.errors import ConfigurationError
from constructs_lib.security.access_log_bucket import AccessLogBucket

OLD_VERSIONS_DAYS: Final = 90
"""How long a version outlives the one that replaced it, or its deletion."""


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How long objects are kept.

    ``expire_after_days`` removes them for good, old versions included. ``locked_days`` forbids to remove or change them before
    that; in ``compliance`` mode to everybody, root included, otherwise to whoever may not bypass governance.

    Raises:
        ConfigurationError: they would have to go before they may.
    """

    expire_after_days: int | None = None
    locked_days: int | None = None
    compliance: bool = False

    def __post_init__(self) -> None:
        if self.expire_after_days is not None and self.expire_after_days < max(1, self.locked_days or 0):
            raise ConfigurationError(
                f"expire_after_days is {self.expire_after_days} with locked_days {self.locked_days}; allowed: as long as the "
                "lock, and 1 at least; raise expire_after_days or leave it out"
            )
        if self.compliance and not self.locked_days:
            raise ConfigurationError(
                "compliance is a mode of a lock, but locked_days is None; set it to how long objects are locked"
            )

    @property
    def lock(self) -> s3.ObjectLockRetention | None:
        """What every new object gets."""
        if self.locked_days is None:
            return None
        days = Duration.days(self.locked_days)
        return s3.ObjectLockRetention.compliance(days) if self.compliance else s3.ObjectLockRetention.governance(days)

    @property
    def rule(self) -> s3.LifecycleRule:
        """Objects that stay move to whichever tier is cheapest for how often they are asked for."""
        aborted = Duration.days(min(7, self.expire_after_days or 7))
        if self.expire_after_days is not None:
            return s3.LifecycleRule(
                expiration=Duration.days(self.expire_after_days),
                noncurrent_version_expiration=Duration.days(1),
                abort_incomplete_multipart_upload_after=aborted,
            )
        return s3.LifecycleRule(
            transitions=[s3.Transition(storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=Duration.days(0))],
            noncurrent_version_expiration=Duration.days(OLD_VERSIONS_DAYS),
            abort_incomplete_multipart_upload_after=aborted,
        )


FOR_GOOD: Final = Keeping()


class SecureBucket(Construct):
    """One bucket: customer key, TLS 1.2 or newer only, private, versioned, access-logged."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        access_logs: AccessLogBucket,
        removal_policy: RemovalPolicy,
        keeping: Keeping = FOR_GOOD,
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
            lifecycle_rules=[keeping.rule],
            object_lock_default_retention=keeping.lock,
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

    def grant_write(self, grantee: iam.IGrantable, prefix: str = "") -> None:
        """Lets a policy add objects below a prefix and encrypt them; it can neither read nor delete any."""
        self.bucket.grant_put(grantee, _below(prefix))

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

    ``replica_key`` encrypts the copies; whoever may read the bucket has no use of it. Both keep objects for the same time.
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
        keeping: Keeping = FOR_GOOD,
    ) -> None:
        super().__init__(scope, construct_id, key=key, access_logs=access_logs, removal_policy=removal_policy, keeping=keeping)
        self.replica = SecureBucket(
            self, "Replica", key=replica_key, access_logs=access_logs, removal_policy=removal_policy, keeping=keeping
        )
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
        self._allow_replication(role, locked=keeping.lock is not None)

    def announce_arrivals(self) -> None:
        """New objects become events on the account's bus; the property alone does it, the library's switch takes a Lambda."""
        self.cfn_bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )

    def _allow_replication(self, role: iam.Role, *, locked: bool) -> None:
        """What S3's documentation asks for replication under KMS, and no more."""
        source, target = self.bucket, self.replica.bucket
        lock = ["s3:GetObjectLegalHold", "s3:GetObjectRetention"] if locked else []
        iam.ManagedPolicy(
            self,
            "ReplicationPolicy",
            roles=[role],
            statements=[
                iam.PolicyStatement(actions=["s3:GetReplicationConfiguration", "s3:ListBucket"], resources=[source.bucket_arn]),
                iam.PolicyStatement(
                    actions=["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging", *lock],
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
