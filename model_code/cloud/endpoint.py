"""``overread endpoint invoke``: one film read by a deployed endpoint, of whichever kind it is.

What fits into a request goes with it. Asynchronous endpoints take a film by reference: it is put into the environment's bucket
of studies, under its key, and the answer is awaited there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from model_code.cloud.aws import Aws
from model_code.cloud.deployed import outputs
from model_code.contract import IMAGE_CONTENT_TYPES, READING_CONTENT_TYPE
from model_code.errors import OverreadError, UsageError

LIMITS: Final = {"serverless": 4 * 2**20, "realtime": 6_291_456, "lambda": 4_500_000, "async": 2**30}
"""Bytes of a film by the endpoint's kind: AWS's limits of a request (a function's after base64)."""
DICOM, PNG, JPEG = IMAGE_CONTENT_TYPES
PATIENCE: Final = 900.0
"""Seconds to wait for an asynchronous answer: a machine may have to be started."""


@dataclass(frozen=True)
class Deployed:
    """An endpoint that exists."""

    name: str
    kind: str
    studies: str
    """Bucket that films for an asynchronous endpoint go through."""


def find(aws: Aws, environment: str, role: str = "Champion") -> Deployed:
    """The environment's endpoint.

    Raises:
        UsageError: the environment is not deployed, or no model is approved, so that there is no endpoint.
    """
    told = outputs(aws, environment, "endpoint")
    if f"{role}Endpoint" not in told:
        raise UsageError(
            f"the environment '{environment}' has no {role.lower()} endpoint: no model is approved, or its release has not ended"
        )
    studies = outputs(aws, environment, "data").get("StudiesBucket", "")
    return Deployed(told[f"{role}Endpoint"], told[f"{role}EndpointKind"], studies)


def invoke(aws: Aws, endpoint: Deployed, film: Path, *, sleep: Callable[[float], None] = time.sleep) -> dict[str, Any]:
    """The Reading of one film.

    Raises:
        UsageError: the file cannot be read, or is larger than this kind of endpoint takes.
        OverreadError: the endpoint gave no Reading.
    """
    try:
        body = film.read_bytes()
    except OSError as error:
        raise UsageError(f"the film cannot be opened ({error.strerror}); give a DICOM, PNG or JPEG file") from None
    limit = LIMITS[endpoint.kind]
    if len(body) > limit:
        raise UsageError(
            f"the film has {len(body):,} bytes; a {endpoint.kind} endpoint takes at most {limit:,}; "
            "send it to the API's POST /studies, or deploy an asynchronous endpoint"
        )
    kind = content_type(body)
    if endpoint.kind == "async":
        answer = _by_reference(aws, endpoint, body, kind, sleep)
    elif endpoint.kind == "lambda":
        event = json.dumps({"content_type": kind, "body": base64.b64encode(body).decode()}).encode()
        found = aws.call("lambda", "invoke", FunctionName=endpoint.name, Payload=event)
        if found.get("FunctionError"):
            raise OverreadError("the function failed on this film; its log group says where")
        answer = found["Payload"].read()
    else:
        request = {"EndpointName": endpoint.name, "ContentType": kind, "Accept": READING_CONTENT_TYPE}
        answer = aws.call("sagemaker-runtime", "invoke_endpoint", **request, Body=body)["Body"].read()
    return _reading(answer)


def content_type(body: bytes) -> str:
    """By the first bytes; what is neither PNG nor JPEG is sent as DICOM, and the reader says what is wrong with it."""
    if body.startswith(b"\x89PNG"):
        return PNG
    return JPEG if body.startswith(b"\xff\xd8\xff") else DICOM


def _by_reference(aws: Aws, endpoint: Deployed, body: bytes, kind: str, sleep: Callable[[float], None]) -> bytes:
    key = f"uploads/invoke/{hashlib.sha256(body).hexdigest()}"  # by content: a file's name can hold a patient's
    aws.call("s3", "put_object", Bucket=endpoint.studies, Key=key, Body=body, ContentType=kind)  # the bucket encrypts
    asked = aws.call(
        "sagemaker-runtime",
        "invoke_endpoint_async",
        EndpointName=endpoint.name,
        InputLocation=f"s3://{endpoint.studies}/{key}",
        ContentType=kind,
        Accept=READING_CONTENT_TYPE,
    )
    waited, pause = 0.0, 1.0
    while waited <= PATIENCE:
        for place, good in ((asked["OutputLocation"], True), (asked.get("FailureLocation"), False)):
            found = _object(aws, place) if place else None
            if found is not None and not good:
                raise OverreadError("the endpoint failed on this film; its log group says where")
            if found is not None:
                return found
        sleep(pause)
        waited, pause = waited + pause, min(pause * 1.5, 15)
    raise OverreadError(f"no answer within {PATIENCE:.0f} s; it will stand at {asked['OutputLocation']}")


def _object(aws: Aws, address: str) -> bytes | None:
    parts = urlsplit(address)
    try:
        found: bytes = aws.call("s3", "get_object", Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
    except OverreadError as error:
        if aws.is_missing(error):
            return None
        raise
    return found


def _reading(answer: bytes) -> dict[str, Any]:
    try:
        reading = json.loads(answer)
        if reading["schema"] == "overread.reading/1":
            return dict(reading)
    except (ValueError, TypeError, KeyError):
        pass
    raise OverreadError("the endpoint's answer is no Reading; is the endpoint Overread's?")
