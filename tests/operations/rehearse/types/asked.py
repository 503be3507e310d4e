"""What a resource of a template asks of its service, and whether the service's model takes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

from operations.rehearse.request import Json, Request
from operations.rehearse.types import TYPES

DEEPEST = 6


@cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


def operation(service: str, name: str) -> OperationModel:
    """Raises OperationNotFoundError where the service has none of that name."""
    model: OperationModel = _service(service).operation_model(name)
    return model


def example(shape: Shape | None, depth: int = DEEPEST) -> Any:
    """An answer of that form, with every member."""
    if isinstance(shape, StructureShape):
        return {name: example(member, depth - 1) for name, member in shape.members.items()} if depth else {}
    if isinstance(shape, ListShape):
        return [example(shape.member, depth - 1)] if depth else []
    if shape is None or isinstance(shape, MapShape):
        return {}
    return {"integer": 1, "long": 1, "boolean": True}.get(shape.type_name, "x")


def requests(type: str, properties: Json) -> list[Request]:
    """All of them, in order; the first is answered with an example."""
    kind = TYPES[type]
    first = kind.first(properties, "generated")
    model = operation(first.service, first.operation)
    if model.input_shape is not None and "AccountId" in model.input_shape.members:
        first.parameters.setdefault("AccountId", "123456789012")
    return [first, *kind.follow(properties, {"request": first.parameters, "answer": example(model.output_shape)})]


def problems(request: Request) -> str:
    """What botocore has against it; nothing where it takes it."""
    shape = operation(request.service, request.operation).input_shape
    return str(ParamValidator().validate(request.parameters, shape).generate_report())


def refusals(type: str, properties: Json) -> Iterator[str]:
    """What botocore has against the requests of a resource."""
    for request in requests(type, properties):
        if found := problems(request):
            yield f"{request.operation}: {found}"


def accepted(type: str, properties: Json) -> dict[str, Json]:
    """The requests' parameters by operation, each of which botocore takes."""
    assert list(refusals(type, properties)) == []
    return {request.operation: request.parameters for request in requests(type, properties)}
