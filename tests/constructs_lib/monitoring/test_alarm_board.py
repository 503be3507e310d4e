from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_sns as sns

from constructs_lib.container_images import ServingImage
from constructs_lib.errors import ConfigurationError
from constructs_lib.monitoring.alarm_board import AlarmBoard, Thresholds
from constructs_lib.monitoring.service_metrics import ServiceMetrics
from constructs_lib.runtime_function import RuntimeFunction
from constructs_lib.training.model_registry import ModelRegistry
from model_code.contract import Metric, Task
from tests.infra import Json, Scope, of_type


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    registry = ModelRegistry(built.stack, "Registry", task=Task.CHEST14, image=ServingImage(built.stack, "Serving"))
    keys = built.keys()
    function = RuntimeFunction(built.stack, "Reader", handler="predict", place=built.place(keys))
    board = AlarmBoard(
        built.stack,
        "Alarms",
        thresholds=Thresholds(max_p95_latency_ms=2000),
        metrics=ServiceMetrics("test", registry),
        notices=sns.Topic(built.stack, "Notices", master_key=keys.messages, enforce_ssl=True),
    )
    board.watch([function.dead_letters])
    board.sum_up()
    return built


@pytest.fixture(scope="module")
def alarms(scope: Scope) -> dict[str, Json]:
    found = of_type(scope.template().to_json(), "AWS::CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix("overread-test-"): alarm for alarm in found}


def test_every_alarm_tells_somebody_and_silence_is_none(alarms: dict[str, Json]) -> None:
    assert all(alarm["AlarmActions"] for alarm in alarms.values())
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}


def test_thresholds_are_the_environments(alarms: dict[str, Json]) -> None:
    assert alarms["latency"]["Threshold"] == 2000
    (latency,) = alarms["latency"]["Metrics"]
    assert latency["MetricStat"]["Stat"] == "p95"
    assert alarms["sensitivity"]["ComparisonOperator"] == "LessThanThreshold"


def expression_of(alarm: Json) -> tuple[str, dict[str, str]]:
    """An alarm's formula, and the metrics that its names stand for."""
    (expression,) = (m["Expression"] for m in alarm["Metrics"] if "Expression" in m)
    return str(expression), {m["Id"]: m["MetricStat"]["Metric"]["MetricName"] for m in alarm["Metrics"] if "MetricStat" in m}


def test_a_rate_is_a_share_of_the_answers(alarms: dict[str, Json]) -> None:
    assert expression_of(alarms["not-assessed"]) == ("part / whole", {"part": Metric.NOT_ASSESSED, "whole": Metric.READINGS})


@pytest.mark.parametrize(
    ("alarm", "failed", "good"), [("errors", Metric.ERRORS, Metric.READINGS), ("quarantined", Metric.QUARANTINED, Metric.FILMS)]
)
def test_it_rings_when_everything_fails_and_nothing_good_is_counted(
    alarms: dict[str, Json], alarm: str, failed: Metric, good: Metric
) -> None:
    """A metric that nobody writes has no value, and a sum with it has none either: an alarm would take that for quiet."""
    expression, metrics = expression_of(alarms[alarm])
    (name,) = (id for id, metric in metrics.items() if metric == good)

    assert set(metrics.values()) == {failed, good}
    assert f"FILL({name}, 0)" in expression


def test_metrics_are_of_one_environment_and_task(alarms: dict[str, Json]) -> None:
    (drift,) = alarms["drift"]["Metrics"]
    dimensions = {d["Name"]: d["Value"] for d in drift["MetricStat"]["Metric"]["Dimensions"]}

    assert dimensions == {"Environment": "test", "Task": "chest14"}


def test_what_a_function_could_not_handle_calls(alarms: dict[str, Json]) -> None:
    (name,) = (name for name in alarms if name.endswith("dead-letters"))

    assert name == "stack-reader-dead-letters"
    assert alarms[name]["Threshold"] == 0
    assert alarms[name]["MetricName"] == "ApproximateNumberOfMessagesVisible"


def test_a_composite_sums_up_each_service(scope: Scope, alarms: dict[str, Json]) -> None:
    composites = {
        c["AlarmName"]: str(c["AlarmRule"]) for c in of_type(scope.template().to_json(), "AWS::CloudWatch::CompositeAlarm")
    }

    assert composites.keys() == {"overread-test-service", "overread-test-model"}
    assert "Alarmslatency" in composites["overread-test-service"]
    assert "Alarmsdrift" in composites["overread-test-model"]
    assert "Alarmsstackreaderdeadletters" in composites["overread-test-service"].replace("-", "")


def test_nothing_is_found(scope: Scope) -> None:
    assert not [found for found in scope.findings() if "/Alarms/" in found[1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_error_rate": 1.5}, "max_error_rate is 1.5; allowed: above 0, at most 1"),
        ({"min_sensitivity": 0}, "min_sensitivity is 0; allowed: above 0, at most 1"),
        ({"max_p95_latency_ms": 60_001}, "max_p95_latency_ms is 60001; allowed: above 0, at most 60000"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Thresholds(**change)
