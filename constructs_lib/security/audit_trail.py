"""Who touched which film: a trail with data events on the buckets that may hold any."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.errors import ConfigurationError


class AuditTrail(Construct):
    """A trail of management events and of every read and write in ``audited`` and their second copies.

    It is validated, encrypted and kept for six years.

    ``storage`` keeps the trail's files; it must not be among the audited buckets, or the trail would record itself.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        audited: Sequence[PhiBucket],
        storage: PhiBucket,
        key: kms.IKey,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        if not audited:
            raise ConfigurationError("AuditTrail audits no bucket: audited is empty; pass every bucket that may hold films")
        if storage in audited:
            raise ConfigurationError(
                f"AuditTrail would record itself: '{storage.node.path}' is both storage and audited; use another bucket"
            )
        name = f"{Stack.of(self).stack_name}-trail"
        arn = Stack.of(self).format_arn(service="cloudtrail", resource="trail", resource_name=name)
        self.group = logs.LogGroup(
            self, "Events", encryption_key=key, retention=logs.RetentionDays.SIX_YEARS, removal_policy=removal_policy
        )
        role, delivery = self._delivery_role()
        policy = self._allow_storage(storage, arn)
        self.trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=name,
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            kms_key_id=key.key_arn,
            s3_bucket_name=storage.bucket.bucket_name,
            cloud_watch_logs_log_group_arn=self.group.log_group_arn,
            cloud_watch_logs_role_arn=role.role_arn,
            event_selectors=[
                cloudtrail.CfnTrail.EventSelectorProperty(
                    include_management_events=True,
                    read_write_type="All",
                    data_resources=[
                        cloudtrail.CfnTrail.DataResourceProperty(
                            type="AWS::S3::Object",
                            values=[one.bucket.arn_for_objects("") for bucket in audited for one in (bucket, bucket.replica)],
                        )
                    ],
                )
            ],
        )
        # CloudTrail tries both ways of delivery before it makes a trail
        self.trail.node.add_dependency(policy, delivery)

    def _delivery_role(self) -> tuple[iam.Role, iam.ManagedPolicy]:
        role = iam.Role(self, "DeliveryRole", assumed_by=iam.ServicePrincipal("cloudtrail.amazonaws.com"))
        policy = iam.ManagedPolicy(self, "DeliveryPolicy", roles=[role])
        self.group.grant_write(policy)
        return role, policy

    def _allow_storage(self, storage: PhiBucket, trail_arn: str) -> Construct:
        stack = Stack.of(self)
        only_this_trail = {"StringEquals": {"aws:SourceArn": trail_arn}}
        service = iam.ServicePrincipal("cloudtrail.amazonaws.com")
        storage.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[service],
                actions=["s3:GetBucketAcl"],
                resources=[storage.bucket.bucket_arn],
                conditions=only_this_trail,
            )
        )
        storage.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[service],
                actions=["s3:PutObject"],
                resources=[storage.bucket.arn_for_objects(f"AWSLogs/{stack.account}/*")],
                conditions=only_this_trail,
            )
        )
        assert storage.bucket.policy is not None  # it enforces TLS
        return storage.bucket.policy
