"""When somebody is called: thresholds as a type, an alarm for each, and one composite alarm for each service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.errors import ConfigurationError
from constructs_lib.monitoring.service_metrics import ServiceMetrics, dead_letters
from constructs_lib.naming import named
from model_code.contract import Metric

HOUR: Final = Duration.hours(1)
DAY: Final = Duration.days(1)
ABOVE: Final = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
BELOW: Final = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What is still normal. Rates are shares from 0 to 1.

    Raises:
        ConfigurationError: a share outside 0 to 1, or a latency that is none.
    """

    max_error_rate: float = 0.01
    max_p95_latency_ms: int = 5000
    max_not_assessed_rate: float = 0.2
    max_quarantined_rate: float = 0.05
    """Of the films that arrive."""
    max_drift: float = 0.25
    """Population stability index; above 0.25 a population counts as shifted."""
    max_calibration_error: float = 0.1
    min_sensitivity: float = 0.8

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            highest = 60_000 if field.name.endswith("_ms") else 1
            if not 0 < value <= highest:
                raise ConfigurationError(f"{field.name} is {value}; allowed: above 0, at most {highest}; see Thresholds")


class AlarmBoard(Construct):
    """All alarms of an environment; each tells ``notices``. ``service`` and ``model`` sum up who should look."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        thresholds: Thresholds,
        metrics: ServiceMetrics,
        notices: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._notices, self._metrics = notices, metrics
        self._of_the_service = [
            self._alarm("errors", metrics.failing(), thresholds.max_error_rate),
            self._alarm("latency", metrics.of(Metric.LATENCY, "p95"), thresholds.max_p95_latency_ms, unit="milliseconds"),
            self._alarm(
                "not-assessed",
                metrics.share(Metric.NOT_ASSESSED, period=HOUR),
                thresholds.max_not_assessed_rate,
                periods=1,
            ),
        ]
        self._alarm("quarantined", metrics.quarantined(period=DAY), thresholds.max_quarantined_rate, periods=1)
        self._of_the_model = [
            # daily figures of the monitor; the drift alarm starts the retraining
            self._alarm("drift", metrics.of(Metric.DRIFT, "Maximum", period=DAY), thresholds.max_drift, periods=1),
            self._alarm(
                "calibration",
                metrics.of(Metric.CALIBRATION_ERROR, "Maximum", period=DAY),
                thresholds.max_calibration_error,
                periods=1,
            ),
            self._alarm(
                "sensitivity",
                metrics.of(Metric.SENSITIVITY, "Minimum", period=DAY),
                thresholds.min_sensitivity,
                comparison=BELOW,
                periods=1,
            ),
        ]
        self._alarm("training-failed", metrics.runs("Failed"), 0, periods=1)

    def watch(self, queues: Sequence[sqs.Queue]) -> None:
        """An alarm for each queue of what a function could not handle or a rule could not deliver."""
        for queue in queues:
            name = "-".join(queue.node.path.split("/")[1:-1])
            self._of_the_service.append(self._alarm(f"{name}-dead-letters".lower(), dead_letters(queue.queue_name), 0, periods=1))

    def sum_up(self) -> None:
        """The composite alarms, once every alarm is there."""
        for name, alarms in (("service", self._of_the_service), ("model", self._of_the_model)):
            composite = cloudwatch.CompositeAlarm(
                self,
                f"All-{name}",
                composite_alarm_name=named(self, name),
                alarm_rule=cloudwatch.AlarmRule.any_of(*alarms),
                alarm_description=f"Something about the {name} needs a person",
            )
            composite.add_alarm_action(actions.SnsAction(self._notices))

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        *,
        comparison: cloudwatch.ComparisonOperator = ABOVE,
        periods: int = 3,
        unit: str = "",
    ) -> cloudwatch.Alarm:
        sign = "below" if comparison is BELOW else "above"
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=named(self, name),
            alarm_description=f"{name} is {sign} {threshold} {unit}".rstrip(),
            metric=metric,
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,  # at night nobody asks
        )
        alarm.add_alarm_action(actions.SnsAction(self._notices))
        return alarm
