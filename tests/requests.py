"""Requests and answers held against botocore's models of the services. Nothing is sent, and no account is needed."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ParamValidationError, UnknownServiceError
from botocore.validate import ParamValidator

Json = dict[str, Any]

DUMMY_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/overread-test-chest14/1"


class UnknownOperation(Exception):
    """No service of that name, or it has no such operation."""


@cache
def service_model(service: str) -> Any:
    """Raises:
    UnknownOperation: there is no such service.
    """
    try:
        return botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        raise UnknownOperation(f"no service '{service}'") from None


def operation_model(service: str, operation: str) -> Any:
    """``operation`` as ``UpdateStack``.

    Raises:
        UnknownOperation: the service has none of that name.
    """
    model = service_model(service)
    if operation not in model.operation_names:
        raise UnknownOperation(f"{service} has no operation '{operation}'")
    return model.operation_model(operation)


def check(service: str, operation: str, request: Json) -> None:
    """As the service's client would.

    Raises:
        ParamValidationError: a field is unknown, missing or of the wrong kind.
    """
    _check(operation_model(service, operation).input_shape, request)


def check_answer(service: str, operation: str, answer: Json) -> None:
    """Whether the service could answer this."""
    _check(operation_model(service, operation).output_shape, answer)


def _check(shape: Any, value: Json) -> None:
    unknown = set(value) - set(shape.members if shape else {})
    if unknown:  # botocore itself lets unknown fields of a request's top level pass in some versions
        raise ParamValidationError(report=f"unknown fields: {', '.join(sorted(unknown))}")
    if shape is None:
        return
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


def filled_in(value: Any, shape: Any) -> Any:
    """A state's parameters with every path (``field.$``) replaced by some value of the field's own kind."""
    if isinstance(value, dict) and shape is not None and shape.type_name == "structure":
        return {name.removesuffix(".$"): _field(name, inner, shape) for name, inner in value.items()}
    if isinstance(value, list) and shape is not None and shape.type_name == "list":
        return [filled_in(inner, shape.member) for inner in value]
    return value


def _field(name: str, value: Any, structure: Any) -> Any:
    member = structure.members.get(name.removesuffix(".$"))
    if name.endswith(".$") and member is not None:
        return _dummy(member)
    return filled_in(value, member)


def _dummy(shape: Any) -> Any:
    kinds = {"string": DUMMY_ARN, "integer": 1, "boolean": True, "list": [], "structure": {}, "map": {}, "blob": b"{}"}
    return kinds[shape.type_name]
