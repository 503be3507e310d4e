from __future__ import annotations

import json
from typing import Any

import pytest

from model_code.contract import METRICS_NAMESPACE, Metric
from model_code.lambdas import emf
from model_code.lambdas.routing import Role
from model_code.lambdas.settings import settings
from model_code.reading import Reading
from model_code.serving.logs import reading_record
from tests.model_code.lambdas.conftest import lines, reading


def metrics_in(line: dict[str, Any]) -> dict[tuple[str, ...], float]:
    """What CloudWatch makes of a line: (metric, dimensions and their values) → value."""
    found = {}
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == METRICS_NAMESPACE
        for dimensions in directive["Dimensions"]:
            for metric in directive["Metrics"]:
                found[(metric["Name"], *(f"{name}={line[name]}" for name in dimensions))] = line[metric["Name"]]
    return found


def test_each_metric_has_environment_and_task(capsys: pytest.CaptureFixture[str]) -> None:
    emf.count(settings(), {Metric.ERRORS: 1.0})
    (line,) = lines(capsys)

    assert metrics_in(line) == {("Errors", "Environment=test", "Task=chest14"): 1.0}
    assert isinstance(line["_aws"]["Timestamp"], int) and line["_aws"]["Timestamp"] > 1_700_000_000_000


def test_positives_are_counted_together_and_by_label(capsys: pytest.CaptureFixture[str]) -> None:
    emf.answered(settings(), reading(positive=("Mass", "Nodule")), role=Role.CHAMPION, latency_ms=12.34)
    counted = [metrics_in(line) for line in lines(capsys)]

    assert counted[0][("LatencyMilliseconds", "Environment=test", "Task=chest14")] == 12.3
    assert [key for one in counted[1:] for key in one] == [
        ("Positives", "Environment=test", "Task=chest14"),
        ("Positives", "Environment=test", "Task=chest14", "Label=Mass"),
        ("Positives", "Environment=test", "Task=chest14"),
        ("Positives", "Environment=test", "Task=chest14", "Label=Nodule"),
    ]


def test_an_answer_without_a_finding_is_counted_as_not_assessed(capsys: pytest.CaptureFixture[str]) -> None:
    reasons = [{"code": "unreadable", "detail": "d"}]
    refused = {**reading(), "status": "not_assessed", "reasons": reasons, "findings": [], "image": None}
    emf.answered(settings(), refused, role=Role.CHAMPION, latency_ms=1)
    (line,) = lines(capsys)

    assert (line["Readings"], line["NotAssessed"], line["reasons"]) == (1, 1, ["unreadable"])


def test_the_record_is_the_one_that_the_server_logs() -> None:
    found = reading()

    assert emf.record_of(found) == reading_record(Reading.model_validate_json(json.dumps(found)))
