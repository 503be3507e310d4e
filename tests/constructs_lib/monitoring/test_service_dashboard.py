from __future__ import annotations

import json
import re

import pytest

from constructs_lib.container_images import ServingImage
from constructs_lib.monitoring.alarm_board import Thresholds
from constructs_lib.monitoring.service_dashboard import ServiceDashboard
from constructs_lib.monitoring.service_metrics import ServiceMetrics
from constructs_lib.training.model_registry import ModelRegistry
from model_code.contract import Metric, Task
from tests.infra import Json, Scope, of_type, text_of


@pytest.fixture(scope="module")
def widgets() -> list[Json]:
    scope = Scope()
    registry = ModelRegistry(scope.stack, "Registry", task=Task.CHEST14, image=ServingImage(scope.stack, "Serving"))
    thresholds = Thresholds(max_drift=0.33)
    ServiceDashboard(scope.stack, "Page", metrics=ServiceMetrics("test", registry), thresholds=thresholds)
    (dashboard,) = of_type(scope.template().to_json(), "AWS::CloudWatch::Dashboard")
    return list(json.loads(text_of(dashboard["DashboardBody"]))["widgets"])


def test_every_metric_that_the_service_writes_is_shown(widgets: list[Json]) -> None:
    shown = json.dumps(widgets)

    assert not [metric for metric in Metric if f'"{metric}"' not in shown and f'\\"{metric}\\"' not in shown]


def test_latency_is_shown_by_its_percentiles(widgets: list[Json]) -> None:
    (latency,) = (w["properties"] for w in widgets if w["properties"].get("title") == "Latency (ms)")

    assert set(re.findall(r'"stat": "(p\d+)"', json.dumps(latency))) == {"p50", "p95", "p99"}


def test_the_line_that_alarms_is_drawn(widgets: list[Json]) -> None:
    (drift,) = (w["properties"] for w in widgets if w["properties"].get("title", "").startswith("Drift"))

    assert drift["annotations"]["horizontal"][0]["value"] == 0.33


def test_labels_are_found_by_search_since_the_platform_does_not_know_them(widgets: list[Json]) -> None:
    assert "SEARCH('{Overread,Environment,Label,Task}" in json.dumps(widgets)


def test_training_and_money_are_on_the_same_page(widgets: list[Json]) -> None:
    shown = json.dumps(widgets)

    assert "ExecutionFailed" in shown
    assert "overread-test-chest14-training" in shown
    assert "EstimatedCharges" in shown
