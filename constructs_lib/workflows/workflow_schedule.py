"""A workflow by the calendar; a start that does not come about is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from constructs_lib.naming import named
from constructs_lib.workflows.event_trigger import RETRY_ATTEMPTS, RETRY_HOURS, undelivered
from constructs_lib.workflows.state_machine import StateMachine

WINDOW_MINUTES: Final = 60
"""Within which AWS may choose the moment: nobody waits for it."""


class WorkflowSchedule(Construct):
    """The schedule ``overread-<env>-<name>``, in UTC, under the messages key."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        expression: str,
        workflow: StateMachine,
        input: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id)
        self.dead_letters = undelivered(self, "Undelivered", place=workflow.place, service="scheduler.amazonaws.com")
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
        )
        policy = iam.ManagedPolicy(self, "Policy", roles=[role])
        workflow.grant_start(policy)
        self.dead_letters.grant_send_messages(policy)
        key = workflow.place.keys.messages
        key.grant_encrypt_decrypt(policy)
        schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            name=named(self, name),
            schedule_expression=expression,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=WINDOW_MINUTES
            ),
            kms_key_arn=key.key_arn,
            target=scheduler.CfnSchedule.TargetProperty(
                arn=workflow.arn,
                role_arn=role.role_arn,
                input=json.dumps(dict(input)),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=RETRY_HOURS * 3600, maximum_retry_attempts=RETRY_ATTEMPTS
                ),
            ),
        )
        schedule.node.add_dependency(policy)
