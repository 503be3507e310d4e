from __future__ import annotations

import json

import pytest

from constructs_lib.container_images import ServingImage
from constructs_lib.training.model_registry import ModelRegistry
from model_code.contract import Task
from tests.infra import Json, Scope, of_type


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    ModelRegistry(built.stack, "Registry", task=Task.CHEST14, image=ServingImage(built.stack, "Serving"))
    return built


@pytest.fixture(scope="module")
def parameters(scope: Scope) -> dict[str, Json]:
    return {made["Name"]: made for made in of_type(scope.template().to_json(), "AWS::SSM::Parameter")}


def test_the_group_is_named_after_the_task(scope: Scope) -> None:
    scope.template().has_resource_properties(
        "AWS::SageMaker::ModelPackageGroup", {"ModelPackageGroupName": "overread-test-chest14"}
    )
    assert not scope.findings()


def test_the_other_tasks_have_groups_but_no_slots(scope: Scope, parameters: dict[str, Json]) -> None:
    groups = {made["ModelPackageGroupName"] for made in of_type(scope.template().to_json(), "AWS::SageMaker::ModelPackageGroup")}

    assert groups == {f"overread-test-{task}" for task in Task}
    assert {name.split("/")[1] for name in parameters} == {"overread-test-chest14"}


@pytest.mark.parametrize("name", ["approved-model-package", "challenger-model-package"])
def test_a_slot_names_no_model_yet(name: str, parameters: dict[str, Json]) -> None:
    made = parameters[f"/overread-test-chest14/{name}"]

    assert (made["Type"], made["Value"]) == ("String", "none")


def test_every_study_goes_to_the_champion_at_first(parameters: dict[str, Json]) -> None:
    routing = json.loads(parameters["/overread-test-chest14/routing"]["Value"])

    assert routing == {"challenger_percent": 0, "shadow": False}


def test_the_slots_read_the_parameters_that_are_made(parameters: dict[str, Json]) -> None:
    built = Scope()
    registry = ModelRegistry(built.stack, "Registry", task=Task.CHEST14, image=ServingImage(built.stack, "Serving"))

    assert {registry.champion.parameter, registry.challenger.parameter, registry.routing_parameter} == parameters.keys()
    assert registry.champion.endpoint_name == registry.group_name
    assert registry.challenger.endpoint_name == f"{registry.group_name}-challenger"
