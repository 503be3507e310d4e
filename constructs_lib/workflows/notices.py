"""Where people are told: one encrypted topic of an environment, and by mail whoever it names."""

from __future__ import annotations

from typing import Any, Final

from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.errors import ConfigurationError
from constructs_lib.workflows.encrypted_topic import EncryptedTopic
from constructs_lib.workflows.event_trigger import undelivered
from constructs_lib.workflows.state_machine import StateMachine

PUBLISHERS: Final = ("budgets", "cloudwatch", "events")
ENDED_BADLY: Final = ("FAILED", "TIMED_OUT", "ABORTED")


class Notices(Construct):
    """``topic`` for alarms, budgets, rules and workflows. ``contact`` has to confirm a mail before it gets any other."""

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, contact: str | None = None) -> None:
        super().__init__(scope, id)
        self._encrypted = EncryptedTopic(self, "Notices", key=key, services=PUBLISHERS)
        self.topic = self._encrypted.topic
        if contact is not None:
            if "@" not in contact or " " in contact:
                raise ConfigurationError(f"contact is '{contact}'; allowed: one mail address, or None for no mail")
            sns.CfnSubscription(self, "Contact", topic_arn=self.topic.topic_arn, protocol="email", endpoint=contact)


class BadEndings(Construct):
    """Tells when an execution of ``workflow`` ended badly, however that came about.

    A workflow tells most of its own failures, with the reason; it cannot tell that it was stopped, or ran out of time.
    """

    def __init__(self, scope: Construct, id: str, *, workflow: StateMachine, notices: sns.ITopic) -> None:
        super().__init__(scope, id)
        untold = undelivered(self, "Untold", place=workflow.place, service="events.amazonaws.com")
        events.CfnRule(
            self,
            "Rule",
            description=f"Executions of {workflow.name} that ended badly",
            event_pattern=_pattern(workflow),
            # not by the library's target: that one would change the policy of a topic in another stack
            targets=[
                events.CfnRule.TargetProperty(
                    id="notices",
                    arn=notices.topic_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=untold.queue_arn),
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map={"name": "$.detail.name", "status": "$.detail.status"},
                        input_template=f'"{workflow.name}: execution <name> ended as <status>"',
                    ),
                )
            ],
        )


def _pattern(workflow: StateMachine) -> dict[str, Any]:
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [workflow.arn], "status": list(ENDED_BADLY)},
    }
