"""What no role of the platform can ever do, whatever its own policies come to say."""

from __future__ import annotations

from typing import Final

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

FORBIDDEN: Final = (
    "account:*",
    "aws-portal:*",
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:Delete*",
    "config:StopConfigurationRecorder",
    "ec2:*Gateway*",
    "ec2:*VpcPeering*",
    "ec2:CreateVpc",
    "iam:*",
    "kms:DisableKey*",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "organizations:*",
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket*",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
    "sts:AssumeRole",
)
"""Rights over rights, over the records, over the walls of the network, and over what keeps data."""

LOOKING: Final = ("ec2:Describe*", "iam:GenerateCredentialReport", "iam:Get*", "iam:List*", "organizations:Describe*")
"""To look is not to change: AWS Config's role writes down which gateways there were, and who had which rights."""


class PermissionsBoundary(Construct):
    """The policy, and ``enclose`` to put it on every role of a scope. It grants nothing by itself."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            description="Upper bound of every role of the platform",
            statements=[
                iam.PolicyStatement(sid="WithinThese", not_actions=list(FORBIDDEN), resources=["*"]),
                iam.PolicyStatement(sid="RightsMayBeLookedAt", actions=list(LOOKING), resources=["*"]),
                iam.PolicyStatement(
                    sid="OnlyToServicesThatRunOurJobs",
                    actions=["iam:PassRole"],
                    resources=["*"],
                    conditions={"StringEquals": {"iam:PassedToService": ["sagemaker.amazonaws.com", "scheduler.amazonaws.com"]}},
                ),
            ],
        )

        Validations.of(self.policy).acknowledge(
            Acknowledgment(
                id="CloudFormation-Validate::W2512",
                reason="A boundary grants nothing: it says what is never allowed, whatever else a role's policies come to say.",
            )
        )

    def enclose(self, scope: IConstruct) -> None:
        """Every role below ``scope`` gets this boundary."""
        iam.PermissionsBoundary.of(scope).apply(self.policy)
