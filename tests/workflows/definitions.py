"""Definitions as AWS would get them: read from a template, with what only deployment knows replaced by values of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra import Json, of_type
from tests.requests import check, filled_in, operation_model

PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}


def definition_of(template: Mapping[str, Any]) -> Json:
    """Of the one state machine of a template."""
    (definition,) = definitions_of(template)
    return definition


def definitions_of(template: Mapping[str, Any]) -> list[Json]:
    """Of all its state machines."""
    machines = of_type(template, "AWS::StepFunctions::StateMachine")
    return [dict(json.loads(resolved(machine["DefinitionString"]))) for machine in machines]


def resolved(value: Any) -> str:
    """A CloudFormation value as text; other resources become ARNs."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(map(resolved, parts))
    name = value.get("Ref") or ".".join(value.get("Fn::GetAtt", [])) or str(value.get("Fn::ImportValue"))
    return PSEUDO.get(name) or f"arn:aws:test:us-east-1:123456789012:{re.sub('[^A-Za-z0-9]', '', name)}"


def tasks(definition: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Every task, those inside of maps too, by its state's name."""
    for name, state in definition["States"].items():
        if state["Type"] == "Task":
            yield name, state
        if "ItemProcessor" in state:
            yield from tasks(state["ItemProcessor"])


def operation_of(state: Json) -> tuple[str, str]:
    """Service and operation as botocore names them: ``("cloudformation", "UpdateStack")``."""
    resource = state["Resource"].split(":::")[1].removeprefix("aws-sdk:")
    service, operation = resource.partition(".")[0].split(":")  # without ``.sync`` and the like
    return {"sfn": "stepfunctions"}.get(service, service), operation[:1].upper() + operation[1:]


def check_task(state: Json) -> None:
    """Raises:
    UnknownOperation: there is nothing of that name to be called.
    ParamValidationError: the request would be refused.
    """
    service, operation = operation_of(state)
    shape = operation_model(service, operation).input_shape
    parameters = dict(state["Parameters"])
    if service == "stepfunctions":  # fields begin with a great letter in definitions, with a small one in the service
        parameters = {name[0].lower() + name[1:]: value for name, value in parameters.items()}
    if service == "lambda":  # a payload is JSON there
        parameters["Payload"] = b"{}"
    check(service, operation, filled_in(parameters, shape))
