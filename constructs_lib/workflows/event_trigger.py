"""Events that start a workflow; one that cannot be delivered is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.place import Place
from constructs_lib.workflows.state_machine import StateMachine

RETRY_HOURS: Final = 6
RETRY_ATTEMPTS: Final = 20


def undelivered(scope: Construct, id: str, *, place: Place, service: str) -> sqs.Queue:
    """A queue for what ``service`` could not deliver for this account. A rule says which it is, and nothing else of itself."""
    queue = sqs.Queue(
        scope,
        id,
        encryption_master_key=place.keys.messages,
        enforce_ssl=True,
        retention_period=Duration.days(14),
        removal_policy=place.removal_policy,
    )
    senders = Stack.of(scope).format_arn(service=service.partition(".")[0], resource="*", arn_format=ArnFormat.NO_RESOURCE_NAME)
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(service)],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnLike": {"aws:SourceArn": senders}},
        )
    )
    return queue


class EventTrigger(Construct):
    """A rule for events of ``pattern``. ``input`` replaces the event as the execution's input; its values may be paths."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        description: str,
        pattern: Mapping[str, Any],
        workflow: StateMachine,
        input: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.dead_letters = undelivered(self, "Undelivered", place=workflow.place, service="events.amazonaws.com")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("events.amazonaws.com"))
        policy = iam.ManagedPolicy(self, "Policy", roles=[role])
        workflow.grant_start(policy)
        rule = events.CfnRule(
            self,
            "Rule",
            description=description,
            event_pattern=dict(pattern),
            targets=[
                events.CfnRule.TargetProperty(
                    id="workflow",
                    arn=workflow.arn,
                    role_arn=role.role_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=RETRY_HOURS * 3600, maximum_retry_attempts=RETRY_ATTEMPTS
                    ),
                    input_transformer=_transformer(input) if input else None,
                )
            ],
        )
        rule.node.add_dependency(policy)


def _transformer(input: Mapping[str, str]) -> events.CfnRule.InputTransformerProperty:
    """Texts stay as they are; ``$.detail.x`` is taken from the event."""
    paths = {name: value for name, value in input.items() if value.startswith("$.")}
    template = {name: f"<{name}>" if name in paths else value for name, value in input.items()}
    return events.CfnRule.InputTransformerProperty(input_paths_map=paths, input_template=json.dumps(template))
