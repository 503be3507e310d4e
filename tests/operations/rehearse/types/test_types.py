"""The table against the services' models, and against the templates of the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from botocore.model import StructureShape
from moto.cloudformation.parsing import resource_class_from_type

from model_code.pipeline.literal import Literal
from operations.assembly import Json, SynthesizedStack
from operations.rehearse.readers import READERS
from operations.rehearse.types import TYPES
from tests.infra import Platform
from tests.operations.judge.broken import stack
from tests.operations.rehearse.types.asked import operation, refusals

NOT_ASKED_FOR = {
    "AWS::ApiGateway::ClientCertificate",  # the emulator has no such operations, so the resource is never made
    "AWS::Budgets::BudgetsAction",
    "AWS::CloudWatch::CompositeAlarm",
}
ENVIRONMENTS = ("dev", "prod")
PLACE = {"region", "account"}
IDS = {"AWS::ApplicationAutoScaling::ScalingPolicy": {"ScalingTargetId": "endpoint/e/variant/v|sagemaker:variant:x|sagemaker"}}
"""What deployment alone knows the form of."""
WHOLE = {"account"}
"""Ids that are no path: of what an account has one of."""


def paths(text: str) -> list[str]:
    """Those in braces, or the text itself."""
    return [part.split("}")[0] for part in text.split("{")[1:]] or [text]


def names_a_member(path: str, service: str, name: str) -> bool:
    root, *fields = path.split(".")
    model = operation(service, name)
    if root == "place":
        return set(fields) <= PLACE
    shape = {"request": model.input_shape, "answer": model.output_shape}.get(root)
    for field in fields:
        if not isinstance(shape, StructureShape) or field not in shape.members:
            return False
        shape = shape.members[field]
    return shape is not None


@pytest.mark.parametrize("type", TYPES)
def test_its_operation_exists_and_its_paths_name_what_is_there(type: str) -> None:
    kind = TYPES[type]
    texts = [kind.ref] if kind.ref not in WHOLE else []

    wrong = [
        path
        for text in (*texts, *kind.attributes.values())
        for path in paths(text)
        if not names_a_member(path, kind.service, kind.operation)
    ]

    assert not wrong


def test_a_path_that_names_nothing_is_seen() -> None:
    assert not names_a_member("answer.Arm", "lambda", "CreateFunction")
    assert not names_a_member("anwser.FunctionArn", "lambda", "CreateFunction")


@pytest.fixture(scope="module")
def resources_of(platform_of: Callable[[str], Platform]) -> Callable[[str], list[tuple[str, str, Json]]]:
    """Name, type and properties of everything in an environment's templates, with their functions worked out."""

    @cache
    def worked_out(name: str) -> list[tuple[str, str, Json]]:
        stacks: list[SynthesizedStack] = [
            stack(template, f"overread-{name}-{id}") for id, template in platform_of(name).templates.items()
        ]
        literal = Literal(stacks)
        return [
            (f"{one.short_name}/{logical_id}", resource["Type"], resource["Properties"] | IDS.get(resource["Type"], {}))
            for one in stacks
            for logical_id, resource in literal.template(one)["Resources"].items()
        ]

    return worked_out


Resources = Callable[[str], list[tuple[str, str, Json]]]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_resource_of_the_platform_is_a_request_that_its_service_takes(environment: str, resources_of: Resources) -> None:
    refused = {
        name: complaints
        for name, type, properties in resources_of(environment)
        if type in TYPES and (complaints := list(refusals(type, properties)))
    }

    assert not refused


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_type_of_the_platform_is_made_by_somebody(environment: str, resources_of: Resources) -> None:
    assert not {type for _, type, _ in resources_of(environment) if type not in TYPES and resource_class_from_type(type) is None}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_type_of_the_platform_is_asked_for_afterwards(environment: str, resources_of: Resources) -> None:
    assert {type for _, type, _ in resources_of(environment)} - set(READERS) <= NOT_ASKED_FOR


def every_typo(properties: Json) -> Iterator[Json]:
    """The properties with one of their names misspelt, each in turn."""
    for name in properties:
        yield {(f"{key}x" if key == name else key): value for key, value in properties.items()}


@pytest.mark.parametrize("type", [type for type in TYPES if type not in ("AWS::SQS::Queue", "AWS::SNS::Topic")])
def test_a_misspelt_property_stops_it(type: str, resources_of: Resources) -> None:
    """Queues and topics take any attribute as far as their models know; the emulator refuses those."""
    mine: list[Any] = [properties for name in ENVIRONMENTS for _, kind, properties in resources_of(name) if kind == type]
    if not mine:
        pytest.skip("the platform has no such resource")

    silent = [typo for properties in mine for typo in every_typo(properties) if not stopped(type, typo)]

    assert not silent


def stopped(type: str, properties: Json) -> bool:
    try:
        return bool(list(refusals(type, properties)))
    except KeyError:  # a builder needs the property
        return True
