"""Where a study's files stand in the bucket of studies, and what its result looks like."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from model_code.lambdas.clients import client, code_of
from model_code.lambdas.settings import Settings

UPLOADS: Final = "uploads"
RESULTS: Final = "results"
ANSWERS: Final = "readings"
"""Where asynchronous endpoints leave their answers (``constructs_lib.endpoints.asynchronous``)."""

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def upload_key(study: str) -> str:
    return f"{UPLOADS}/{study}"


def result_key(study: str) -> str:
    return f"{RESULTS}/{study}.json"


def is_id(text: str) -> bool:
    """Whether a text is an id of ours; anything else must not become part of a key."""
    return _ID.fullmatch(text) is not None


def id_in(key: str) -> str | None:
    """The study's id in an object's key."""
    found = _ID.search(key.rpartition("/")[2])
    return found.group() if found else None


def result_of(settings: Settings, study: str) -> dict[str, Any] | None:
    """The study's result: ``{"state": "read", "reading": …}`` or ``{"state": "failed", "code": …, "error": …}``; None so far."""
    try:
        found = client("s3").get_object(Bucket=settings.studies_bucket, Key=result_key(study))
    except Exception as error:
        if code_of(error) in ("NoSuchKey", "404"):
            return None
        raise
    return dict(json.loads(found["Body"].read()))


def keep_result(settings: Settings, study: str, result: Mapping[str, Any]) -> None:
    """Writes the result under the bucket's own key."""
    client("s3").put_object(
        Bucket=settings.studies_bucket,
        Key=result_key(study),
        Body=json.dumps(result).encode(),
        ContentType="application/json",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=settings.studies_key,
    )
