"""What surrounds the definition; how it runs: tests/workflows/test_retraining.py."""

from __future__ import annotations

import pytest

from constructs_lib.container_images import ServingImage
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.workflows.encrypted_topic import EncryptedTopic
from constructs_lib.workflows.retraining_rules import RetrainingRules
from constructs_lib.workflows.retraining_workflow import RetrainingWorkflow, drift_events
from model_code.contract import Task
from tests.infra import Json, Scope, of_type
from tests.workflows.definitions import definition_of


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    keys = built.keys()
    RetrainingWorkflow(
        built.stack,
        "Retraining",
        registry=ModelRegistry(built.stack, "Registry", task=Task.CHEST14, image=ServingImage(built.stack, "Serving")),
        rules=RetrainingRules(expected_run_usd=20, max_hours=10),
        place=built.place(keys),
        notices=EncryptedTopic(built.stack, "Notices", key=keys.messages).topic,
    )
    return built


@pytest.fixture(scope="module")
def template(scope: Scope) -> Json:
    return dict(scope.template().to_json())


def test_the_brake_is_a_function_in_the_network(template: Json) -> None:
    (brake,) = of_type(template, "AWS::Lambda::Function")

    assert brake["Handler"] == "model_code.lambdas.retraining_brake.handler"
    assert "VpcConfig" in brake


def test_the_workflow_lasts_longer_than_the_run_it_waits_for(template: Json) -> None:
    """Otherwise it could neither stop the run nor tell."""
    assert definition_of(template)["TimeoutSeconds"] > 10 * 3600


def test_an_alarm_that_recovers_starts_nothing() -> None:
    detail = drift_events("overread-test")["detail"]

    assert detail == {"alarmName": [{"prefix": "overread-test-drift"}], "state": {"value": ["ALARM"]}}


def test_nothing_is_found_and_nothing_is_inline(scope: Scope, template: Json) -> None:
    assert not [found for found in scope.findings() if "/Retraining/" in found[1]]
    assert of_type(template, "AWS::IAM::Policy") == []
