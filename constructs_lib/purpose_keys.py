"""Customer-managed keys by purpose: who may use one key has no use of the others."""

from __future__ import annotations

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class PurposeKeys(Construct):
    """Keys for films (``data``), for logs and trails (``logs``) and for models (``models``); each rotates every year."""

    def __init__(self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self._removal_policy = removal_policy
        self.data = self._key("Data", "Overread: films and data sets")
        self.models = self._key("Models", "Overread: models, training volumes and endpoints")
        self.logs = self._key("Logs", "Overread: log groups and the audit trail")
        self._allow_log_services()

    def _key(self, construct_id: str, description: str) -> kms.Key:
        return kms.Key(self, construct_id, description=description, enable_key_rotation=True, removal_policy=self._removal_policy)

    def _allow_log_services(self) -> None:
        """CloudWatch Logs and CloudTrail encrypt under their own names, each only for this account's groups and trails."""
        stack = Stack.of(self)
        self.logs.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                resources=["*"],  # in a key's policy this names the key itself
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": stack.format_arn(
                            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
                        )
                    }
                },
            )
        )
        self.logs.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudtrail.amazonaws.com")],
                actions=["kms:GenerateDataKey*", "kms:DescribeKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            )
        )
