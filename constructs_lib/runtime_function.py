"""Functions: in the network without a way out, limited, logged, traced, and nothing that they could not do is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.code_asset import light_code
from constructs_lib.container_images import FunctionImage
from constructs_lib.place import Place
from model_code.contract import PACKAGE

RUNTIME: Final = lambda_.Runtime.PYTHON_3_13


class RuntimeFunction(Construct):
    """The handler ``model_code.lambdas.<handler>.handler`` as a function. Also a grantee, by ``policy``.

    Without an ``image`` it runs on the managed runtime, with the standard library, boto3 and the contract alone; with one it
    has everything that reading a film needs.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        handler: str,
        place: Place,
        environment: Mapping[str, str] | None = None,
        image: FunctionImage | None = None,
        memory_mb: int = 256,
        timeout_seconds: int = 30,
        concurrency: int = 5,
    ) -> None:
        super().__init__(scope, id)
        self.place = place
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=place.network.attachment_statements())
        self.log_group = place.log_group(self, "Logs")
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption_master_key=place.keys.messages,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=place.removal_policy,
        )
        entry = f"{PACKAGE}.lambdas.{handler}.handler"
        self.function = lambda_.Function(
            self,
            "Function",
            code=image.code(entry) if image else light_code(),
            handler=lambda_.Handler.FROM_IMAGE if image else entry,
            runtime=lambda_.Runtime.FROM_IMAGE if image else RUNTIME,
            role=self.role.without_policy_updates(),
            vpc=place.network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            security_groups=[place.network.jobs],
            environment=dict(environment or {}),
            environment_encryption=place.keys.messages,
            log_group=self.log_group,
            dead_letter_queue=self.dead_letters,
            tracing=lambda_.Tracing.ACTIVE,
            memory_size=memory_mb,
            timeout=Duration.seconds(timeout_seconds),
            reserved_concurrent_executions=concurrency,
        )
        self.function.node.add_dependency(self.policy)
        self._allow_the_basics(place)

    def grant_invoke(self, grantee: iam.IGrantable) -> None:
        """Lets a policy call it."""
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.function.function_arn])
        )

    def _allow_the_basics(self, place: Place) -> None:
        """What the library would put into an inline policy: logs, dead letters, its own variables, traces."""
        self.log_group.grant_write(self.policy)
        self.dead_letters.grant_send_messages(self.policy)
        place.keys.messages.grant_encrypt_decrypt(self.policy)
        self.policy.add_statements(
            iam.PolicyStatement(
                actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                resources=["*"],  # X-Ray knows no resource for these
            )
        )
