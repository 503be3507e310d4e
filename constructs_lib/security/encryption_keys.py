"""Customer-managed keys by purpose: whoever may use one kind of data holds nothing that opens another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib.security.key_policy import grants_to_services_only

MESSENGERS: Final = ("budgets", "cloudwatch", "delivery.logs", "events")
"""Services that publish or deliver what is encrypted with the messages key."""


class EncryptionKeys(Construct):
    """One key each for images, models, second copies, audit records and the service's own state; all rotate every year.

    Their policies leave it to IAM who of this account may use them (the library's default), so that access stands in one place,
    in managed policies that name the key; services are let in by name and only for this account's own things.

    ``pseudonyms`` makes names (HMAC), encrypts nothing and never leaves KMS. Such keys cannot be rotated, and this one must not:
    with another key every patient would be somebody else.
    """

    def __init__(self, scope: Construct, id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id)
        self._removal_policy = removal_policy
        self.images = self._key("Images", "images and the data sets made of them: protected health information")
        self.models = self._key("Models", "models, checkpoints and the disks of jobs")
        self.replicas = self._key("Replicas", "second copies; the roles of jobs cannot use it")
        self.audit = self._key("Audit", "the audit trail and log groups")
        self.audit.apply_removal_policy(RemovalPolicy.RETAIN)  # the trail is locked for years, and unreadable without it
        self.messages = self._key("Messages", "queues, topics, tables and workflows; names of films at most, never films")
        self.pseudonyms = kms.Key(
            self,
            "Pseudonyms",
            description="Overread: pseudonyms of patients and films",
            key_spec=kms.KeySpec.HMAC_256,
            key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
            removal_policy=removal_policy,
        )
        self.pseudonyms.add_to_resource_policy(grants_to_services_only())
        self._let_services_write_audit_records()
        self._let_services_send_messages()

    def _key(self, id: str, purpose: str) -> kms.Key:
        key = kms.Key(self, id, description=f"Overread: {purpose}", enable_key_rotation=True, removal_policy=self._removal_policy)
        key.add_to_resource_policy(grants_to_services_only())
        return key

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
                # to decrypt is part of writing large files, and of writing under a bucket's key
                actions=["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
                resources=["*"],
                conditions={"ArnLike": {"aws:SourceArn": f"arn:{partition}:cloudtrail:{region}:{account}:trail/*"}},
            )
        )

    def _let_services_send_messages(self) -> None:
        """Alarms and budgets publish to encrypted topics, rules to topics and queues, and logs of workflows are delivered."""
        self._let(MESSENGERS, "StringEquals", {"aws:SourceAccount": Aws.ACCOUNT_ID}, writes=True)
        partition, account, region = Aws.PARTITION, Aws.ACCOUNT_ID, Stack.of(self).region
        # EventBridge tells KMS no source when it publishes to a topic, and the delivery of logs may not either.
        # What they encrypt names this account as well.
        for context, kind in (("aws:sns:topicArn", "sns"), ("aws:sqs:arn", "sqs")):
            ours = {f"kms:EncryptionContext:{context}": f"arn:{partition}:{kind}:{region}:{account}:*"}
            self._let(("events",), "ArnLike", ours, writes=True)
        # not a pattern: the asterisk is part of what the service writes there
        logs = {"kms:EncryptionContext:SourceArn": f"arn:{partition}:logs:{region}:{account}:*"}
        self._let(("delivery.logs",), "StringEquals", logs, writes=False)

    def _let(self, services: Sequence[str], test: str, condition: Mapping[str, str], *, writes: bool) -> None:
        self.messages.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"{name}.amazonaws.com") for name in services],
                actions=["kms:Decrypt", *(["kms:GenerateDataKey*"] if writes else [])],
                resources=["*"],
                conditions={test: dict(condition)},
            )
        )
