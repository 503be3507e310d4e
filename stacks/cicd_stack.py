"""The delivery pipeline and what belongs to it. It stands outside of the environments, which it deploys.

One account and one region hold the pipeline and its environments: the pipeline's key and bucket then need to trust nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import Annotations, Aws, Duration, Environment, RemovalPolicy, Stack, Stage, Tags
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.compliance.accepted import acknowledge
from constructs_lib.compliance.accepted_in_delivery import accepted_in_delivery
from constructs_lib.data.phi_bucket import SecureBucket
from constructs_lib.delivery.build_network import BuildNetwork
from constructs_lib.delivery.delivery_pipeline import DeliveryPipeline
from constructs_lib.delivery.settings import Delivery
from constructs_lib.errors import ConfigurationError
from constructs_lib.security.access_log_bucket import AccessLogBucket
from constructs_lib.security.key_policy import grants_to_services_only
from constructs_lib.workflows.encrypted_topic import RULES, EncryptedTopic
from stacks.platform_stage import PlatformStage

NAME: Final = "overread-delivery"


class CicdStack(Stack):
    """``stages`` are delivered in their order; they are stages of the same application, not children of this stack.

    Raises:
        ConfigurationError: a stage is in another region or account, or its API could not be asked from outside its network.
    """

    def __init__(self, scope: Construct, *, delivery: Delivery, stages: Sequence[Stage]) -> None:
        super().__init__(scope, NAME, env=Environment(region=delivery.region), termination_protection=True)
        for stage in stages:
            if stage.region != delivery.region:
                raise ConfigurationError(
                    f"{stage.stage_name} is in region '{stage.region}'; allowed: {delivery.region}, that of the pipeline's "
                    "connection; deploy this environment by itself or make a connection and a pipeline there"
                )
            if not isinstance(stage, PlatformStage):
                continue
            if stage.environment.account not in (None, delivery.account):
                raise ConfigurationError(
                    f"{stage.stage_name} is in account '{stage.environment.account}'; allowed: {delivery.account}, that of the "
                    "pipeline's connection, or None; deploy this environment by itself or make a pipeline in its account"
                )
            if stage.environment.api.private:
                raise ConfigurationError(
                    f"the API of {stage.stage_name} is private; allowed in a delivery: private=False; the pipeline builds in "
                    "another network and could not ask it for a reading; deploy this environment by itself"
                )
        self.key = kms.Key(
            self,
            "Key",
            description="Overread: source, assets, logs and messages of the delivery pipeline",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.key.add_to_resource_policy(grants_to_services_only())
        self._let_logs_use_the_key()
        self._let_messages_be_sent()
        self.access_logs = AccessLogBucket(self, "AccessLogs", removal_policy=RemovalPolicy.RETAIN)
        self.artifacts = SecureBucket(
            self, "Artifacts", key=self.key, access_logs=self.access_logs, removal_policy=RemovalPolicy.RETAIN
        )
        self.artifacts.bucket.add_lifecycle_rule(expiration=Duration.days(90))  # made again from the commit at any time
        self.network = BuildNetwork(self, "Network", logs_key=self.key, removal_policy=RemovalPolicy.RETAIN)
        self.log_group = logs.LogGroup(
            self,
            "Builds",
            encryption_key=self.key,
            retention=logs.RetentionDays.SIX_YEARS,  # who changed production, and what was tested, is part of the audit trail
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.delivery = DeliveryPipeline(
            self,
            "Pipeline",
            delivery=delivery,
            network=self.network,
            artifacts=self.artifacts,
            log_group=self.log_group,
            stages=stages,
        )
        self.messages = EncryptedTopic(self, "Messages", key=self.key, services=(RULES,)).topic
        self._tell(self.delivery.pipeline)
        Tags.of(self).add("project", "overread")
        acknowledge(self, accepted_in_delivery(stage.stage_name for stage in stages))

    def _let_logs_use_the_key(self) -> None:
        """CloudWatch Logs encrypts with it by itself, and only the groups of this stack."""
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                resources=["*"],  # in a key's own policy this is that key
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": (
                            f"arn:{Aws.PARTITION}:logs:{self.region}:{Aws.ACCOUNT_ID}:log-group:{NAME}-*"
                        )
                    }
                },
            )
        )

    def _let_messages_be_sent(self) -> None:
        """EventBridge names no source to KMS; what it encrypts names this stack's topic and queue."""
        for context, kind in (("aws:sns:topicArn", "sns"), ("aws:sqs:arn", "sqs")):
            ours = f"arn:{Aws.PARTITION}:{kind}:{self.region}:{Aws.ACCOUNT_ID}:{NAME}-*"
            self.key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                    resources=["*"],
                    conditions={"ArnLike": {f"kms:EncryptionContext:{context}": ours}},
                )
            )

    def _tell(self, pipeline: codepipeline.Pipeline) -> None:
        """A message when a delivery fails, and one when somebody is waited for."""
        untold = sqs.Queue(self, "Untold", encryption_master_key=self.key, enforce_ssl=True, retention_period=Duration.days(14))
        # As the service: for encrypted topics EventBridge advises against roles. By its ARN, else the library would let every
        # account's rules use the key.
        told = sns.Topic.from_topic_arn(self, "Told", self.messages.topic_arn)
        topic = targets.SnsTopic(told, dead_letter_queue=untold)
        pipeline.on_state_change(
            "Failed",
            description="A delivery failed",
            event_pattern=events.EventPattern(detail={"state": ["FAILED"]}),
            target=topic,
        )
        events.Rule(
            self,
            "Waiting",
            description="A delivery waits for approval",
            event_pattern=events.EventPattern(
                source=["aws.codepipeline"],
                detail_type=["CodePipeline Action Execution State Change"],
                resources=[pipeline.pipeline_arn],
                detail={"type": {"category": ["Approval"]}, "state": ["STARTED"]},
            ),
            targets=[topic],
        )
        # the rules and their topic are of this very stack, wherever that is
        Annotations.of(self).acknowledge_warning("@aws-cdk/aws-events:ruleUnresolvedEnvironment")
