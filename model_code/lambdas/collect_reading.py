"""An asynchronous endpoint has answered below ``readings/``: make the study's result of it."""

from __future__ import annotations

from typing import Any

from model_code.lambdas import audit
from model_code.lambdas.clients import client
from model_code.lambdas.endpoint_client import reading_in
from model_code.lambdas.routing import Role
from model_code.lambdas.settings import settings
from model_code.lambdas.study_end import fail, finish
from model_code.lambdas.study_files import id_in, result_of
from model_code.lambdas.web import Refusal


def handler(event: dict[str, Any], _: object) -> None:
    """One event of S3's (``Object Created``), for ``readings/<endpoint>/…`` or ``readings/<endpoint>-failed/…``."""
    mine = settings()
    key = event["detail"]["object"]["key"]
    study = id_in(key)
    sent = audit.first(mine, study) if study else None
    if study is None or sent is None or result_of(mine, study) is not None:
        return
    endpoint = key.split("/")[1]
    role = Role.CHALLENGER if endpoint.removesuffix("-failed") == mine.challenger_name else Role.CHAMPION
    try:
        if endpoint.endswith("-failed"):
            raise Refusal(502, "model_error", "the model failed on this film; send it again, and tell the operators if it stays")
        reading = reading_in(client("s3").get_object(Bucket=mine.studies_bucket, Key=key)["Body"].read())
    except Refusal as refusal:
        fail(mine, study, refusal.code, refusal.error)
        return
    finish(mine, study, reading, role=role, arrived=sent["at"].partition("#")[0])
