"""Metrics as lines in the function's log (CloudWatch's embedded metric format), and the reading record: PHI-free, one an answer.

Format: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

from model_code.contract import METRICS_NAMESPACE, Metric
from model_code.lambdas.routing import Role

UNITS: Final = {Metric.LATENCY: "Milliseconds"}
BASE: Final = ("Environment", "Task")


class Where(Protocol):
    """Whose metrics they are."""

    @property
    def environment(self) -> str: ...
    @property
    def task(self) -> str: ...


def count(settings: Where, values: Mapping[Metric, float], *, label: str | None = None, **record: Any) -> None:
    """Writes one line: ``values`` as metrics of the environment and task (and also by ``label``), ``record`` beside them."""
    dimensions = [list(BASE), *([[*BASE, "Label"]] if label else [])]
    directive = {
        "Namespace": METRICS_NAMESPACE,
        "Dimensions": dimensions,
        "Metrics": [{"Name": metric.value, "Unit": UNITS.get(metric, "Count")} for metric in values],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "Environment": settings.environment,
        "Task": settings.task,
        **({"Label": label} if label else {}),
        **{metric.value: value for metric, value in values.items()},
        **record,
    }
    print(json.dumps(line))


def answered(settings: Where, reading: Mapping[str, Any], *, role: Role, latency_ms: float) -> None:
    """The record of an answer that was given, with its metrics; a further line for each finding that is positive."""
    values = {
        Metric.READINGS: 1.0,
        Metric.NOT_ASSESSED: float(reading["status"] == "not_assessed"),
        Metric.LATENCY: round(latency_ms, 1),
    }
    count(settings, values, event="reading", role=role.value, **record_of(reading))
    for finding in reading["findings"]:
        if finding["operating_points"]["rule_in"]["positive"]:
            count(settings, {Metric.POSITIVES: 1.0}, label=finding["label"])


def shadowed(reading: Mapping[str, Any], *, role: Role) -> None:
    """The record of an answer that nobody was given: no metrics, so that nothing is counted twice."""
    print(json.dumps({"event": "shadow_reading", "role": role.value, **record_of(reading)}))


def record_of(reading: Mapping[str, Any]) -> dict[str, Any]:
    """What monitoring reads of a Reading; the same fields as the server's own log line."""
    image = reading.get("image") or {}
    return {
        "reading": reading["id"],
        "model": reading["model"]["name"],
        "version": reading["model"]["version"],
        "status": reading["status"],
        "reasons": [reason["code"] for reason in reading["reasons"]],
        "scores": {finding["label"]: round(finding["probability"], 4) for finding in reading["findings"]},
        "rows": image.get("rows"),
        "columns": image.get("columns"),
        "timing_ms": reading["timing_ms"],
    }
