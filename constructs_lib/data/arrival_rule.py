"""Films that arrive below a prefix become calls of a function; a call that cannot be made is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.runtime_function import RuntimeFunction
from constructs_lib.workflows.event_trigger import RETRY_ATTEMPTS, RETRY_HOURS, undelivered


def arrivals(bucket: PhiBucket, objects: Mapping[str, Any]) -> dict[str, Any]:
    """The pattern of S3's events of new objects that ``objects`` describes (``key``, ``size``)."""
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket.bucket.bucket_name]}, "object": dict(objects)},
    }


class ArrivalRule(Construct):
    """Calls ``function`` for each new object that ``objects`` describes."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bucket: PhiBucket,
        objects: Mapping[str, Any],
        function: RuntimeFunction,
    ) -> None:
        super().__init__(scope, id)
        self.dead_letters = undelivered(self, "Undelivered", place=function.place, service="events.amazonaws.com")
        arn = function.function.function_arn
        rule = events.CfnRule(
            self,
            "Rule",
            description=f"New objects of {bucket.node.id} for {function.node.path}",
            event_pattern=arrivals(bucket, objects),
            targets=[
                events.CfnRule.TargetProperty(
                    id="function",
                    arn=arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=RETRY_HOURS * 3600, maximum_retry_attempts=RETRY_ATTEMPTS
                    ),
                )
            ],
        )
        lambda_.CfnPermission(
            self,
            "Permission",
            action="lambda:InvokeFunction",
            function_name=arn,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
        )
