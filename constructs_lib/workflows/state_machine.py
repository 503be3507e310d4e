"""Workflows: Amazon States Language as data, logged without what it carries, traced, under a customer key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.naming import named
from constructs_lib.place import Place


class StateMachine(Construct):
    """The workflow ``overread-<env>-<name>``; ``statements`` say what it may do. Also a grantee, by ``policy``."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        definition: Mapping[str, Any],
        place: Place,
        statements: Sequence[iam.PolicyStatement],
    ) -> None:
        super().__init__(scope, id)
        self.name, self.place = named(self, name), place
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=[*statements, *_basics()])
        place.keys.messages.grant_encrypt_decrypt(self.policy)
        # with this prefix the log service keeps one policy for all workflows; without it the account runs out of policies
        self.log_group = place.log_group(self, "Logs", f"/aws/vendedlogs/states/{self.name}")
        self.machine = sfn.CfnStateMachine(
            self,
            "Machine",
            state_machine_name=self.name,
            definition_string=Stack.of(self).to_json_string(dict(definition)),
            role_arn=self.role.role_arn,
            encryption_configuration=sfn.CfnStateMachine.EncryptionConfigurationProperty(
                type="CUSTOMER_MANAGED_KMS_KEY", kms_key_id=place.keys.messages.key_arn, kms_data_key_reuse_period_seconds=300
            ),
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=False,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=self.log_group.log_group_arn
                        )
                    )
                ],
            ),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        self.machine.node.add_dependency(self.policy)
        self.machine.apply_removal_policy(place.removal_policy)

    @property
    def arn(self) -> str:
        return self.machine.attr_arn

    def grant_start(self, grantee: iam.IGrantable) -> None:
        """Lets a policy start an execution."""
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=["states:StartExecution"], resources=[self.arn])
        )


def _basics() -> list[iam.PolicyStatement]:
    """Delivery of logs and traces; neither service knows a resource for these."""
    return [
        iam.PolicyStatement(
            actions=[
                "logs:CreateLogDelivery",
                "logs:GetLogDelivery",
                "logs:UpdateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
            resources=["*"],
        ),
    ]
