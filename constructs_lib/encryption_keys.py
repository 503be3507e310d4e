"""Customer-managed keys by purpose: whoever may use one kind of data holds nothing that opens another."""

from __future__ import annotations

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class EncryptionKeys(Construct):
    """One key each for images, models, second copies and the audit records; all rotate every year."""

    def __init__(self, scope: Construct, id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id)
        self._removal_policy = removal_policy
        self.images = self._key("Images", "images and the data sets made of them: protected health information")
        self.models = self._key("Models", "models, checkpoints and the disks of jobs")
        self.replicas = self._key("Replicas", "second copies; the roles of jobs cannot use it")
        self.audit = self._key("Audit", "the audit trail and log groups")
        self._let_services_write_audit_records()

    def _key(self, id: str, purpose: str) -> kms.Key:
        return kms.Key(
            self, id, description=f"Overread: {purpose}", enable_key_rotation=True, removal_policy=self._removal_policy
        )

    def _let_services_write_audit_records(self) -> None:
        """CloudWatch Logs and CloudTrail encrypt with this key by themselves, each only for this account's own records."""
        partition, account, region = Aws.PARTITION, Aws.ACCOUNT_ID, Stack.of(self).region
        self.audit.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{region}.amazonaws.com")],
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                resources=["*"],  # in a key's own policy this is that key
                conditions={
                    "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:{partition}:logs:{region}:{account}:log-group:*"}
                },
            )
        )
        self.audit.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudtrail.amazonaws.com")],
                actions=["kms:GenerateDataKey*", "kms:DescribeKey"],
                resources=["*"],
                conditions={"ArnLike": {"aws:SourceArn": f"arn:{partition}:cloudtrail:{region}:{account}:trail/*"}},
            )
        )
