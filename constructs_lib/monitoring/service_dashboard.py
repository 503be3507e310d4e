"""One page that says how the service, the model and the training are."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from constructs_lib.monitoring.alarm_board import Thresholds
from constructs_lib.monitoring.service_metrics import ServiceMetrics
from constructs_lib.naming import named
from model_code.contract import Metric

WIDTH, HEIGHT = 8, 6


class ServiceDashboard(Construct):
    """Rows: what is asked, how good the answers are, what training and money do. Thresholds are drawn into the graphs."""

    def __init__(self, scope: Construct, construct_id: str, *, metrics: ServiceMetrics, thresholds: Thresholds) -> None:
        super().__init__(scope, construct_id)
        self._metrics = metrics
        at = thresholds
        self.dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=named(self, "service"), default_interval=Duration.days(7)
        )
        self.dashboard.add_widgets(
            self._graph("Readings", [self._of(Metric.READINGS, "Sum"), self._of(Metric.ERRORS, "Sum")]),
            self._graph(
                "Latency (ms)",
                [self._of(Metric.LATENCY, percentile) for percentile in ("p50", "p95", "p99")],
                at.max_p95_latency_ms,
            ),
            self._graph("Share of errors", [metrics.failing()], at.max_error_rate),
        )
        self.dashboard.add_widgets(
            self._graph("Share not assessed", [metrics.share(Metric.NOT_ASSESSED)], at.max_not_assessed_rate),
            self._graph("Positive findings a day, by label", [metrics.by_label(self, Metric.POSITIVES)]),
            self._graph("Drift (population stability index)", [self._of(Metric.DRIFT, "Maximum")], at.max_drift),
        )
        self.dashboard.add_widgets(
            self._graph(
                "Calibration error, where there are verdicts",
                [self._of(Metric.CALIBRATION_ERROR, "Maximum")],
                at.max_calibration_error,
            ),
            self._graph("Sensitivity, where there are verdicts", [self._of(Metric.SENSITIVITY, "Minimum")], at.min_sensitivity),
            self._graph("Training runs", [metrics.runs(o) for o in ("Started", "Succeeded", "Failed", "Stopped")]),
        )
        self.dashboard.add_widgets(
            self._graph("Films that arrived", [self._of(metric, "Sum") for metric in (Metric.FILMS, Metric.QUARANTINED)]),
            self._graph("Share quarantined", [metrics.quarantined()], at.max_quarantined_rate),
            self._graph("Month's charges of the account (USD)", [_charges()]),
        )

    def _of(self, metric: Metric, statistic: str) -> cloudwatch.Metric:
        return self._metrics.of(metric, statistic)

    def _graph(
        self, title: str, left: list[cloudwatch.Metric | cloudwatch.MathExpression], threshold: float | None = None
    ) -> cloudwatch.GraphWidget:
        line = [] if threshold is None else [cloudwatch.HorizontalAnnotation(value=threshold, color="#d62728", label="alarm")]
        return cloudwatch.GraphWidget(title=title, left=left, left_annotations=line, width=WIDTH, height=HEIGHT)


def _charges() -> cloudwatch.Metric:
    """AWS publishes it in one region only, and only where the account allows billing alerts."""
    return cloudwatch.Metric(
        namespace="AWS/Billing",
        metric_name="EstimatedCharges",
        dimensions_map={"Currency": "USD"},
        statistic="Maximum",
        period=Duration.hours(6),
        region="us-east-1",
    )
