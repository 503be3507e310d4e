"""A film has arrived below ``uploads/``: have it read, and leave the result below ``results/``. Runs from the image.

A film that is too large for the endpoint is compressed without loss; if that is not enough, it is read here, by the same
predictor and the same model. An asynchronous endpoint takes every film by reference, and ``collect_reading`` its answer.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from model_code.errors import ImageError
from model_code.lambdas import audit, release
from model_code.lambdas.clients import client
from model_code.lambdas.endpoint_client import Reading, ask, ask_later
from model_code.lambdas.model_fetch import fetch
from model_code.lambdas.predict import record_shadow
from model_code.lambdas.recompress import recompressed
from model_code.lambdas.release import Release
from model_code.lambdas.routing import Role
from model_code.lambdas.settings import Settings, settings
from model_code.lambdas.study_end import fail, finish
from model_code.lambdas.study_files import id_in, result_of
from model_code.lambdas.web import NO_MODEL, Refusal
from model_code.predictor import Predictor

AGAIN: Final = ("busy", "timeout")
"""Refusals that another attempt may mend: the event comes back."""


class TryAgain(RuntimeError):
    """Lambda repeats the event; after the last time it goes to the dead letters, and the study ends as ``no_answer``."""


def handler(event: dict[str, Any], _: object) -> None:
    """One event of S3's (``Object Created``); the same one twice does no harm."""
    mine = settings()
    key = event["detail"]["object"]["key"]
    study = id_in(key)
    sent = audit.first(mine, study) if study else None
    if study is None or sent is None or result_of(mine, study) is not None:
        return
    try:
        _read(mine, study, key, sent, arrived=event["time"])
    except Refusal as refusal:
        if refusal.code in AGAIN:
            raise TryAgain(refusal.code) from None
        fail(mine, study, refusal.code, refusal.error)


def _read(mine: Settings, study: str, key: str, sent: dict[str, Any], *, arrived: str) -> None:
    now = release.current(mine)
    if Role.CHAMPION not in now.packages:
        raise NO_MODEL
    role, content_type = now.role_of(sent["slot"]), sent["content_type"]
    if mine.endpoint_kind == "async":
        location = f"s3://{mine.studies_bucket}/{key}"
        ask_later(mine, role, location=location, content_type=content_type, study=study)
        return
    film = client("s3").get_object(Bucket=mine.studies_bucket, Key=key)["Body"].read()
    finish(mine, study, reading_of(mine, now, role, film, content_type), role=role, arrived=arrived)
    if now.shadowed:
        record_shadow(lambda: reading_of(mine, now, Role.CHALLENGER, film, content_type))


def reading_of(mine: Settings, now: Release, role: Role, film: bytes, content_type: str) -> Reading:
    """The Reading of a film of any size; ``image.sha256`` is that of the film as it was sent."""
    smaller = film
    if len(film) > mine.max_body_bytes and content_type == "application/dicom":
        with suppress(ImageError):  # the predictor says what is wrong with the film
            smaller = recompressed(film)
    if len(smaller) > mine.max_body_bytes:
        return dict(json.loads(predictor(now.packages[role]).read(film).to_json()))
    reading = ask(mine, role, smaller, content_type)
    if reading["image"]:
        reading["image"]["sha256"] = hashlib.sha256(film).hexdigest()
    return reading


@lru_cache(maxsize=2)
def predictor(package: str) -> Predictor:
    """The bundle of a model package, loaded once a process: a champion's and a challenger's at most."""
    return fetch(package)
