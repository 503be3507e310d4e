"""Topics under a customer key, over TLS only."""

from __future__ import annotations

from typing import Final

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

RULES: Final = "events"
"""EventBridge names no source when it publishes to a topic: under any condition its messages would be refused (AWS says so)."""


class EncryptedTopic(Construct):
    """A topic. ``services`` (``cloudwatch``) may publish, for this account where they say for which; roles need a grant."""

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, services: tuple[str, ...] = ()) -> None:
        super().__init__(scope, id)
        self.key = key
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        for service in services:
            # a policy of its own (for TLS) replaces the default one, which lets the account's alarms and rules publish
            self.topic.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[self.topic.topic_arn],
                    conditions=None if service == RULES else {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
                )
            )

    def grant_publish(self, grantee: iam.IGrantable) -> None:
        """Lets a policy publish, which takes the key too."""
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn])
        )
        self.key.grant_encrypt_decrypt(grantee)
