"""The reader as a function: ``{"content_type": …, "body": <base64>}`` in, a Reading out; the same predictor as everywhere.

It runs from the image, with everything that reading needs. The first call fetches the bundle of the model package that
``MODEL_PACKAGE`` names; nothing of a film is written to disk, and logs hold the reading record alone.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model_code import archive
from model_code.contract import IMAGE_CONTENT_TYPES
from model_code.errors import OverreadError
from model_code.lambdas.clients import client
from model_code.lambdas.emf import record_of
from model_code.predictor import Predictor


class RequestError(OverreadError):
    """The event is not a film; the caller, another function of ours, is wrong."""


def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """The Reading of one film.

    Raises:
        RequestError: the content type is not read, or the body is not base64.
        BundleError: the approved package holds no complete bundle.
    """
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


def fetch(package: str) -> Predictor:
    """A predictor over the bundle of a model package, after every byte was checked.

    Raises:
        BundleError: it is incomplete or altered, or not what the package was registered for.
    """
    described = client("sagemaker").describe_model_package(ModelPackageName=package)
    address = urlsplit(described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / archive.NAME
        found = client("s3").get_object(Bucket=address.netloc, Key=address.path.lstrip("/"))
        with packed.open("wb") as file:
            shutil.copyfileobj(found["Body"], file)
        # the graph and its limits stay in memory, so that the files may go
        with archive.unpacked(packed, Path(folder) / "unused") as (bundle, _):
            return Predictor.setup(bundle)
