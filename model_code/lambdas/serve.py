"""The reader as a function, from an image or from the zip of ``make lambda``; the same predictor as everywhere.

It takes two kinds of event. The platform's own functions send ``{"content_type": …, "body": <base64>}`` and get a Reading; a
Function URL or an API Gateway sends an HTTP request, which the server's own application answers (``/ping``, ``/invocations``,
``/predict``). The bundle of the model that ``MODEL_PACKAGE`` names is fetched once a process; nothing of a film is written to
disk, and logs hold the reading record alone.

Ready for SnapStart: until a snapshot is taken this loads modules and no more. Sockets, threads and the model (whose runtime
starts threads) come after it is restored, or, without SnapStart, with the first event.
"""

from __future__ import annotations

import os

# threads of NumPy's linear algebra start when it is imported, would not survive a snapshot, and are of no use to a reading
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import asyncio
import base64
import json
import logging
from functools import cache
from typing import Any

from mangum import Mangum
from snapshot_restore_py import register_after_restore

from model_code.contract import IMAGE_CONTENT_TYPES
from model_code.errors import OverreadError
from model_code.lambdas.emf import record_of
from model_code.lambdas.model_fetch import fetch
from model_code.predictor import Predictor
from model_code.serving.app import build_app
from model_code.serving.logs import configure_logs


class RequestError(OverreadError):
    """The event is not a film; the caller, another function of ours, is wrong."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The Reading of one film, or the answer to an HTTP request.

    Raises:
        RequestError: of an event that is no request, the content type is not read, or the body is not base64.
        BundleError: the approved package holds no complete bundle.
    """
    if "requestContext" in event:
        return dict(over_http()(event, context))
    film = film_of(event)
    reading = json.loads(predictor().read(film).to_json())
    print(json.dumps({"event": "reading", **record_of(reading)}))
    return dict(reading)


def film_of(event: dict[str, Any]) -> bytes:
    """The bytes of an event's film; raises RequestError."""
    kind = str(event.get("content_type", "")).partition(";")[0].strip().lower()
    if kind not in IMAGE_CONTENT_TYPES:
        raise RequestError(f"the content type is not one of {', '.join(IMAGE_CONTENT_TYPES)}")
    try:
        return base64.b64decode(event["body"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise RequestError("the event has no 'body' in base64") from None


@cache
def predictor() -> Predictor:
    """The approved model, loaded once a process."""
    return fetch(os.environ["MODEL_PACKAGE"])


@cache
def over_http() -> Mangum:
    """The server's application, once a process."""
    configure_logs()
    for library in ("mangum", "botocore"):  # below warnings the first logs paths, which callers choose
        logging.getLogger(library).setLevel(logging.WARNING)
    asyncio.set_event_loop(asyncio.new_event_loop())  # which Mangum runs it on
    return Mangum(build_app(predictor()))


# makes ready what a snapshot cannot hold, before the first event comes
register_after_restore(over_http)
