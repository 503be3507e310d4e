"""Where S3 writes down who asked for which object."""

from __future__ import annotations

from typing import Final

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

SIX_YEARS_DAYS: Final = 2192
"""Documentation is kept for six years, 45 CFR 164.316(b)(2)(i)."""


class AccessLogBucket(Construct):
    """The end of the chain of records: it logs to nobody and is not replicated (both acknowledged in ``accepted.py``)."""

    def __init__(self, scope: Construct, id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            # S3 does not deliver access logs to buckets whose default encryption is a KMS key
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(SIX_YEARS_DAYS),
                    noncurrent_version_expiration=Duration.days(90),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            removal_policy=removal_policy,
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects("*")],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        # Buckets of later stacks name it as their target. The library would then add a statement about each of them here,
        # and this stack would depend on those that depend on it; the statement above already covers the account.
        self.target = s3.Bucket.from_bucket_arn(self, "Target", self.bucket.bucket_arn)
