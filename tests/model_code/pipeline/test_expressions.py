"""Expressions and conditions, with the service's meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from model_code.pipeline.expressions import ExpressionError, Scope

REPORT = {"verdict": "passed", "labels": [{"name": "Mass", "auroc": 0.8}], "a b": 1}
SCOPE = Scope(
    parameters={"Low": 0.75, "Word": "hello"},
    execution={"PipelineExecutionId": "abc"},
    steps={"evaluate": {"ProcessingOutputConfig": {"Outputs": [{"OutputName": "report", "S3Output": {"S3Uri": "s3://b/r"}}]}}},
    files={"evaluate": {"metrics": "s3://b/r/metrics.json"}},
    read=lambda address: {"s3://b/r/metrics.json": json.dumps(REPORT).encode(), "s3://b/text": b"no json"}[address],
)


def looked_up(path: str) -> Any:
    return {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.metrics"}, "Path": path}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("text", "text"),
        ({"Get": "Parameters.Low"}, 0.75),
        ({"Get": "Execution.PipelineExecutionId"}, "abc"),
        ({"Get": "Steps.evaluate.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri"}, "s3://b/r"),
        ({"Get": "Steps.evaluate.ProcessingOutputConfig.Outputs[0].OutputName"}, "report"),
        ({"Std:Join": {"On": "/", "Values": ["a", {"Get": "Parameters.Low"}, 3]}}, "a/0.75/3"),
        ({"nested": [{"Get": "Parameters.Word"}]}, {"nested": ["hello"]}),
        (looked_up("verdict"), "passed"),
        (looked_up("labels[0].auroc"), 0.8),
        (looked_up("['a b']"), 1),
        ({"Std:JsonGet": {"S3Uri": "s3://b/r/metrics.json", "Path": "verdict"}}, "passed"),
    ],
)
def test_values(expression: Any, value: Any) -> None:
    assert SCOPE.value(expression) == value


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"Type": "Equals", "LeftValue": looked_up("verdict"), "RightValue": "passed"}, True),
        ({"Type": "GreaterThan", "LeftValue": 0.75, "RightValue": {"Get": "Parameters.Low"}}, False),
        ({"Type": "GreaterThanOrEqualTo", "LeftValue": 0.75, "RightValue": {"Get": "Parameters.Low"}}, True),
        ({"Type": "LessThan", "LeftValue": 1, "RightValue": 2}, True),
        ({"Type": "LessThanOrEqualTo", "LeftValue": 3, "RightValue": 2}, False),
        ({"Type": "In", "QueryValue": {"Get": "Parameters.Word"}, "Values": ["hello", "servus"]}, True),
        ({"Type": "Not", "Expression": {"Type": "Equals", "LeftValue": 1, "RightValue": 1}}, False),
        (
            {
                "Type": "Or",
                "Conditions": [
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 2},
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 1},
                ],
            },
            True,
        ),
        ({"Type": "And", "Conditions": [{"Type": "Equals", "LeftValue": 1, "RightValue": 2}]}, False),
    ],
)
def test_conditions(condition: Any, holds: bool) -> None:
    assert SCOPE.holds(condition) is holds


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: SCOPE.value({"Get": "Parameters.Nobody"}), "the parameter 'Nobody' is not there"),
        (lambda: SCOPE.value({"Get": "Steps.train.ModelArtifacts"}), "names no finished step; finished: evaluate"),
        (lambda: SCOPE.value(looked_up("labels[4]")), r"'labels\[4\]' of 's3://b/r/metrics.json' is not there: nothing at '4'"),
        (
            lambda: SCOPE.value({"Std:JsonGet": {"PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.x"}, "Path": "a"}}),
            "the step 'evaluate' has no property file 'x'",
        ),
        (lambda: SCOPE.value({"Std:JsonGet": {"S3Uri": "s3://b/text", "Path": "a"}}), "'s3://b/text' is no JSON"),
        (lambda: SCOPE.holds({"Type": "Like", "LeftValue": 1, "RightValue": 2}), "unknown condition 'Like'; known: Equals"),
        (
            lambda: SCOPE.holds({"Type": "LessThan", "LeftValue": "a", "RightValue": 2}),
            "LessThan cannot compare 'a' with 2; both must be numbers",
        ),
    ],
)
def test_what_is_not_there_is_named(work: Any, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        work()
