"""What every endpoint is to those who use it: a name, a kind, a grant and metrics, whether or not there is a model yet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from aws_cdk import CfnCondition, CfnParameter, CfnResource, Duration, Fn, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.place import Place
from constructs_lib.training.model_registry import NO_MODEL, ModelRegistry, ModelSlot

SLOWEST_MS: Final = 10_000
"""A caller of the API waits 29 seconds at most; long before that somebody should look."""


class Kind(StrEnum):
    """How an endpoint is called."""

    SERVERLESS = "serverless"
    REALTIME = "realtime"
    ASYNC = "async"
    LAMBDA = "lambda"


@dataclass(frozen=True, kw_only=True)
class ServingSite:
    """What the endpoints of one environment share.

    ``studies`` holds the films that callers send by reference; ``notices`` is told of alarms.
    """

    registry: ModelRegistry
    models: PhiBucket
    studies: PhiBucket
    place: Place
    notices: sns.ITopic


@dataclass(frozen=True, kw_only=True)
class EndpointMetrics:
    """Of one endpoint, by the minute. Services count time in different units."""

    invocations: cloudwatch.Metric
    errors: cloudwatch.Metric
    latency: cloudwatch.Metric
    """95th percentile; see ``ticks_per_ms``."""
    ticks_per_ms: int

    @property
    def latency_ms(self) -> cloudwatch.MathExpression:
        """For people: the latency in milliseconds."""
        return cloudwatch.MathExpression(
            expression=f"ticks/{self.ticks_per_ms}", using_metrics={"ticks": self.latency}, label="p95 (ms)"
        )


class ModelEndpoint(Construct):
    """Base of the four kinds. The model package that its slot's parameter names decides whether there is anything to pay for.

    The name is a literal and may be used before the endpoint exists; so may the alarms, which stay silent until then.
    """

    kind: ClassVar[Kind]
    max_body_bytes: ClassVar[int]
    """The largest film that a caller may send."""

    def __init__(self, scope: Construct, id: str, *, slot: ModelSlot, site: ServingSite) -> None:
        super().__init__(scope, id)
        self.slot, self.site = slot, site
        self.endpoint_name = slot.endpoint_name
        self.package = CfnParameter(
            self,
            "Package",
            type="AWS::SSM::Parameter::Value<String>",
            default=slot.parameter,
            description=f"Name of the SSM parameter with the ARN of the {slot.role.lower()}'s model package",
        )
        self.package.override_logical_id(f"{slot.role}ModelPackage")
        self.has_model = CfnCondition(
            self, "HasModel", expression=Fn.condition_not(Fn.condition_equals(self.package.value_as_string, NO_MODEL))
        )
        metrics = self.metrics()
        self.errors_alarm = self._alarm("Errors", metrics.errors, 1, datapoints=2, about="readings fail")
        self.latency_alarm = self._alarm(
            "Latency",
            metrics.latency,
            SLOWEST_MS * metrics.ticks_per_ms,
            datapoints=3,
            about=f"readings take over {SLOWEST_MS} ms",
        )

    @property
    def alarms(self) -> list[cloudwatch.Alarm]:
        """They stand in this stack, so that a deployment of the endpoint can be rolled back by them."""
        return [self.errors_alarm, self.latency_alarm]

    def environment(self) -> dict[str, str]:
        """Variables of a function that calls it: ``ENDPOINT_*`` of the champion, ``CHALLENGER_*`` of the challenger."""
        prefix = "ENDPOINT" if self.slot == self.site.registry.champion else self.slot.role.upper()
        return {f"{prefix}_KIND": self.kind.value, f"{prefix}_NAME": self.endpoint_name}

    def metrics(self) -> EndpointMetrics:
        """Requests, failures that are ours, and time to answer."""
        raise NotImplementedError

    def grant_invoke(self, grantee: iam.IGrantable) -> None:
        """Lets a policy ask for readings."""
        raise NotImplementedError

    def only_with_a_model(self, *resources: CfnResource) -> None:
        """Leaves resources out of the deployment while the slot is empty."""
        for resource in resources:
            resource.cfn_options.condition = self.has_model

    def allow(self, grantee: iam.IGrantable, action: str, *, service: str, resource: str) -> None:
        """One action on what bears the endpoint's name, which need not exist yet."""
        arn = Stack.of(self).format_arn(service=service, resource=resource)
        grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=[action], resources=[arn]))

    def _alarm(self, id: str, metric: cloudwatch.Metric, threshold: int, *, datapoints: int, about: str) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            id,
            metric=metric,
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=5,
            datapoints_to_alarm=datapoints,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{self.endpoint_name}: {about}, in {datapoints} of 5 minutes",
        )
        alarm.add_alarm_action(actions.SnsAction(self.site.notices))
        return alarm


def minutely(namespace: str, name: str, dimensions: dict[str, str], statistic: str) -> cloudwatch.Metric:
    """A metric by the minute."""
    return cloudwatch.Metric(
        namespace=namespace, metric_name=name, dimensions_map=dimensions, statistic=statistic, period=Duration.minutes(1)
    )
