"""The metrics that the platform's functions write, and those of AWS's services about it, by name."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import IConstruct

from constructs_lib.training.model_registry import ModelRegistry
from model_code.contract import METRICS_NAMESPACE, Metric

FIVE_MINUTES = Duration.minutes(5)


class ServiceMetrics:
    """Of one environment and task."""

    def __init__(self, environment: str, registry: ModelRegistry) -> None:
        self._dimensions = {"Environment": environment, "Task": registry.task.value}
        self._registry = registry

    def of(self, metric: Metric, statistic: str, *, period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
        """One of our own; ``statistic`` is ``Sum``, ``Average``, ``p95``…"""
        return cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=metric.value,
            dimensions_map=self._dimensions,
            statistic=statistic,
            period=period,
            label=f"{metric.value} {statistic}" if statistic.startswith("p") else metric.value,
        )

    def share(self, part: Metric, *, period: Duration = FIVE_MINUTES) -> cloudwatch.MathExpression:
        """Of all answers, from 0 to 1; nothing where there were none."""
        return cloudwatch.MathExpression(
            expression="part / whole",
            using_metrics={
                "part": self.of(part, "Sum", period=period),
                "whole": self.of(Metric.READINGS, "Sum", period=period),
            },
            label=f"{part.value} / {Metric.READINGS.value}",
            period=period,
        )

    def failing(self, *, period: Duration = FIVE_MINUTES) -> cloudwatch.MathExpression:
        """Of all requests, the share that got no answer through a fault of ours: all of them too, when nothing was answered."""
        return cloudwatch.MathExpression(
            expression="failed / (failed + FILL(answered, 0))",
            using_metrics={
                "failed": self.of(Metric.ERRORS, "Sum", period=period),
                "answered": self.of(Metric.READINGS, "Sum", period=period),
            },
            label="share of errors",
            period=period,
        )

    def quarantined(self, *, period: Duration = FIVE_MINUTES) -> cloudwatch.MathExpression:
        """Of the films that arrived, the share that could not be de-identified; the other count is missing when all failed."""
        return cloudwatch.MathExpression(
            expression="failed / (failed + FILL(clean, 0))",
            using_metrics={
                "failed": self.of(Metric.QUARANTINED, "Sum", period=period),
                "clean": self.of(Metric.FILMS, "Sum", period=period),
            },
            label="share quarantined",
            period=period,
        )

    def by_label(self, scope: IConstruct, metric: Metric) -> cloudwatch.MathExpression:
        """One line for each label that there is data of."""
        fields = " ".join(f'{name}="{value}"' for name, value in self._dimensions.items())
        search = f'{{{METRICS_NAMESPACE},Environment,Label,Task}} MetricName="{metric.value}" {fields}'
        return cloudwatch.MathExpression(
            expression=f"SEARCH('{search}', 'Sum', 86400)",
            using_metrics={},
            label="",
            period=Duration.days(1),
            search_region=Stack.of(scope).region,
        )

    def runs(self, outcome: str) -> cloudwatch.Metric:
        """Executions of the training pipeline: ``Started``, ``Succeeded``, ``Failed``, ``Stopped``."""
        return cloudwatch.Metric(
            namespace="AWS/Sagemaker/ModelBuildingPipeline",
            metric_name=f"Execution{outcome}",
            dimensions_map={"PipelineName": self._registry.training_name},
            statistic="Sum",
            period=Duration.hours(1),
            label=outcome.lower(),
        )


def dead_letters(queue_name: str) -> cloudwatch.Metric:
    """Messages that nobody could handle."""
    return cloudwatch.Metric(
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions_map={"QueueName": queue_name},
        statistic="Maximum",
        period=FIVE_MINUTES,
    )
