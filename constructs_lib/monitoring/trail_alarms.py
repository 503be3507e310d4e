"""What in the audit trail calls a person: rights that were refused, root at work, walls or records being changed."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.naming import named
from model_code.contract import METRICS_NAMESPACE

WATCHED: Final = {
    # name: filter over CloudTrail's events (as the CIS AWS Foundations Benchmark has them, section 4), and how many are too many
    "access-refused": ('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }', 10),
    "root-at-work": (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
        1,
    ),
    "keys-endangered": (
        '{ ($.eventSource = "kms.amazonaws.com") && (($.eventName = "DisableKey") || ($.eventName = "ScheduleKeyDeletion")) }',
        1,
    ),
    "records-endangered": (
        '{ ($.eventName = "StopLogging") || ($.eventName = "DeleteTrail") || ($.eventName = "UpdateTrail") }',
        1,
    ),
    "buckets-opened": (
        '{ ($.eventSource = "s3.amazonaws.com") && (($.eventName = "PutBucketPolicy") || ($.eventName = "DeleteBucketPolicy") '
        '|| ($.eventName = "PutBucketAcl") || ($.eventName = "DeletePublicAccessBlock")) }',
        1,
    ),
    "rights-changed": (
        '{ ($.eventName = "AttachRolePolicy") || ($.eventName = "PutRolePolicy") || ($.eventName = "CreatePolicyVersion") '
        '|| ($.eventName = "DeleteRolePermissionsBoundary") }',
        20,  # every deployment changes some
    ),
}


class TrailAlarms(Construct):
    """A metric filter and an alarm for each of ``WATCHED`` over the trail's log group."""

    def __init__(self, scope: Construct, construct_id: str, *, trail: logs.ILogGroup, notices: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        for name, (pattern, too_many) in WATCHED.items():
            metric = cloudwatch.Metric(
                namespace=f"{METRICS_NAMESPACE}/Trail", metric_name=named(self, name), statistic="Sum", period=Duration.minutes(5)
            )
            logs.MetricFilter(
                self,
                f"{name}-filter",
                log_group=trail,
                filter_pattern=logs.FilterPattern.literal(pattern),
                metric_namespace=metric.namespace,
                metric_name=metric.metric_name,
                metric_value="1",
            )
            cloudwatch.Alarm(
                self,
                name,
                alarm_name=named(self, name),
                alarm_description=f"The audit trail holds {too_many} or more events of the kind {name} in five minutes",
                metric=metric,
                threshold=too_many,
                evaluation_periods=1,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            ).add_alarm_action(actions.SnsAction(notices))
