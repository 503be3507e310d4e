"""Asks a model's endpoint, of whichever kind, for a Reading; what goes wrong becomes a refusal with a code."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from model_code.contract import READING_CONTENT_TYPE
from model_code.lambdas.clients import client, code_of
from model_code.lambdas.routing import Role
from model_code.lambdas.settings import Settings
from model_code.lambdas.web import NO_MODEL, Refusal

ABSENT: Final = frozenset({"ValidationError", "ResourceNotFoundException"})
"""The endpoint is not there: its model was approved, but its deployment has not ended."""

BUSY: Final = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ModelNotReadyException",
        "InternalDependencyException",
        "ResourceConflictException",
    }
)
SLOW: Final = frozenset({"ReadTimeoutError", "ConnectTimeoutError", "EndpointConnectionError"})

Reading = dict[str, Any]


def ask(settings: Settings, role: Role, film: bytes, content_type: str) -> Reading:
    """The Reading of one film, from the endpoint of ``role``.

    Raises:
        Refusal: there is no answer; 503 ``no_model`` or ``busy``, 504 ``timeout``, 502 ``model_error``.
    """
    name = name_of(settings, role)
    try:
        if settings.endpoint_kind == "lambda":
            return _from_function(name, film, content_type)
        answer = client("sagemaker-runtime").invoke_endpoint(
            EndpointName=name, Body=film, ContentType=content_type, Accept=READING_CONTENT_TYPE
        )
        return reading_in(answer["Body"].read())
    except Refusal:
        raise
    except Exception as error:
        raise refusal_of(error) from error


def ask_later(settings: Settings, role: Role, *, location: str, content_type: str, study: str) -> None:
    """Lets the asynchronous endpoint of ``role`` read the film at an S3 URI; the answer's file bears the study's id.

    Raises:
        Refusal: as ``ask``.
    """
    try:
        client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=name_of(settings, role),
            InputLocation=location,
            ContentType=content_type,
            Accept=READING_CONTENT_TYPE,
            InferenceId=study,
            Filename=f"{study}.json",
        )
    except Exception as error:
        raise refusal_of(error) from error


def name_of(settings: Settings, role: Role) -> str:
    return settings.challenger_name if role is Role.CHALLENGER else settings.endpoint_name


def refusal_of(error: Exception) -> Refusal:
    """What a client's error means to whoever asked. The error's own text stays here: it can quote the request."""
    code = code_of(error)
    if code in ABSENT:
        return NO_MODEL
    if code in BUSY:
        return Refusal(503, "busy", "the model is starting or has too many requests; try again in a minute")
    if code in SLOW:
        return Refusal(504, "timeout", "the model did not answer in time; try again, or send the film to POST /studies")
    return Refusal(502, "model_error", "the model failed on this film; try again, and tell the operators if it stays")


def _from_function(name: str, film: bytes, content_type: str) -> Reading:
    event = {"content_type": content_type, "body": base64.b64encode(film).decode()}
    answer = client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    if answer.get("FunctionError"):
        raise Refusal(502, "model_error", "the model failed on this film; try again, and tell the operators if it stays")
    return reading_in(answer["Payload"].read())


def reading_in(answer: bytes) -> Reading:
    """An answer of the model as JSON.

    Raises:
        Refusal: it is something else.
    """
    try:
        reading = json.loads(answer)
        if reading["schema"] == "overread.reading/1":
            return dict(reading)
    except (ValueError, TypeError, KeyError):
        pass
    raise Refusal(502, "model_error", "the model's answer is no Reading; tell the operators")
