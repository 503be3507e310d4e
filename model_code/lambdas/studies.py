"""``POST /studies``: a place to send a film to that is too large for a request. The answer comes by ``GET /studies/{id}``."""

from __future__ import annotations

import uuid
from typing import Final

from model_code.contract import IMAGE_CONTENT_TYPES
from model_code.lambdas import audit
from model_code.lambdas.clients import client
from model_code.lambdas.routing import slot_of
from model_code.lambdas.settings import Settings
from model_code.lambdas.study_files import upload_key
from model_code.lambdas.web import GROUPS, Answer, Refusal, Request, handler_of

MAX_BYTES: Final = 64 * 2**20
"""What the decoder reads at most (``model_code.data.images.LIMITS``; a test holds them together)."""

MIN_BYTES: Final = 100
VALID_S: Final = 900
MAX_KEY: Final = 128


def studies(request: Request, settings: Settings) -> Answer:
    """An id, and a form that S3 takes one film by: of the given type and at most ``MAX_BYTES``, under the customer key."""
    request.require(*GROUPS)
    asked = request.json()
    content_type, key = asked.get("content_type"), asked.get("study")
    if content_type not in IMAGE_CONTENT_TYPES:
        raise Refusal(400, "unsupported_type", f"content_type is not one of {', '.join(IMAGE_CONTENT_TYPES)}")
    if key is not None and not (isinstance(key, str) and 0 < len(key) <= MAX_KEY):
        raise Refusal(
            400, "bad_request", f"study is not a text of 1 to {MAX_KEY} characters; leave it out to have each film alone"
        )
    study = str(uuid.uuid4())
    fields = {
        "Content-Type": content_type,
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": settings.studies_key,
    }
    conditions = [*({name: value} for name, value in fields.items()), ["content-length-range", MIN_BYTES, MAX_BYTES]]
    form = client("s3").generate_presigned_post(
        Bucket=settings.studies_bucket, Key=upload_key(study), Fields=fields, Conditions=conditions, ExpiresIn=VALID_S
    )
    slot = slot_of(key or study, salt=settings.model_group)
    audit.write(settings, subject=study, event="sent", who=request.who, slot=slot, content_type=content_type)
    upload = {"url": form["url"], "fields": form["fields"], "max_bytes": MAX_BYTES, "valid_seconds": VALID_S}
    return Answer(201, {"id": study, "upload": upload})


handler = handler_of(studies)
