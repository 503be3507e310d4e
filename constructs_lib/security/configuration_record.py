"""AWS Config: what the account's resources looked like at any time, and whether they still are as they should be."""

from __future__ import annotations

from typing import Final

from aws_cdk import Aws, Stack
from aws_cdk import aws_config as config
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.naming import named
from constructs_lib.security.access_log_bucket import AccessLogBucket

PREFIX: Final = "config"
RULES: Final = (
    "CLOUD_TRAIL_ENABLED",
    "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED",
    "CMK_BACKING_KEY_ROTATION_ENABLED",
    "IAM_NO_INLINE_POLICY_CHECK",
    "LAMBDA_INSIDE_VPC",
    "ROOT_ACCOUNT_MFA_ENABLED",
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
    "S3_BUCKET_PUBLIC_READ_PROHIBITED",
    "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
    "S3_BUCKET_SSL_REQUESTS_ONLY",
    "S3_BUCKET_VERSIONING_ENABLED",
    "VPC_FLOW_LOGS_ENABLED",
)
"""AWS managed rules (identifiers as AWS lists them) that hold after deployment what the checks hold before it."""


class ConfigurationRecord(Construct):
    """A recorder of all resources and the rules above. An account has one recorder a region: leave it out where there is one.

    Files go beside the access logs: AWS Config does not deliver to buckets whose objects are locked by default.
    """

    def __init__(self, scope: Construct, id: str, *, storage: AccessLogBucket) -> None:
        super().__init__(scope, id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "config.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWS_ConfigRole")],
        )
        bucket = storage.target
        policy = iam.ManagedPolicy(
            self,
            "Delivery",
            roles=[role],
            statements=[
                iam.PolicyStatement(actions=["s3:GetBucketAcl", "s3:ListBucket"], resources=[bucket.bucket_arn]),
                iam.PolicyStatement(
                    # AWS Config asks for the owner's control with every file, even where a bucket knows no such lists
                    actions=["s3:PutObject", "s3:PutObjectAcl"],
                    resources=[bucket.arn_for_objects(f"{PREFIX}/AWSLogs/{Stack.of(self).account}/Config/*")],
                ),
            ],
        )
        recorder = config.CfnConfigurationRecorder(
            self,
            "Recorder",
            name=named(self),
            role_arn=role.role_arn,
            recording_group=config.CfnConfigurationRecorder.RecordingGroupProperty(
                all_supported=True, include_global_resource_types=True
            ),
        )
        recorder.node.add_dependency(policy)
        # no dependency between these two: CloudFormation starts a recorder only once a channel is there, and makes them together
        config.CfnDeliveryChannel(
            self, "Channel", name=named(self), s3_bucket_name=bucket.bucket_name, s3_key_prefix=PREFIX
        ).node.add_dependency(policy)
        for identifier in RULES:
            config.CfnConfigRule(
                self,
                identifier.title().replace("_", ""),
                source=config.CfnConfigRule.SourceProperty(owner="AWS", source_identifier=identifier),
            ).node.add_dependency(recorder)
