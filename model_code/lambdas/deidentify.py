"""A film has arrived in ``intake``: its clean copy goes to ``clean``, or the film to quarantine with a reason. From the image.

Nothing is logged of an object's key, which can hold a patient's name: its hash stands for it. The same event twice does no harm:
a clean film's name and bytes follow from its content, and a film that was moved is not there any more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Self

from model_code.contract import Arrivals, Metric
from model_code.data.deidentify import CleanFilm, deidentify_film
from model_code.data.images import LIMITS
from model_code.data.pseudonyms import Pseudonyms
from model_code.errors import ImageError
from model_code.lambdas import emf
from model_code.lambdas.clients import client, code_of

MESSAGE: Final = b"overread pseudonyms 1"
"""What KMS makes the key of the pseudonyms from; another text would give everybody another name."""


class IntakeError(RuntimeError):
    """Something other than the film failed; Lambda repeats the event, and keeps it after the last time."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One field a variable."""

    environment: str
    task: str
    clean_bucket: str
    intake_bucket: str
    pseudonyms_key_id: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Reads ``ENVIRONMENT``, ``TASK``, … each the upper case of a field.

        Raises:
            IntakeError: one is missing.
        """
        try:
            return cls(**{name: environ[name.upper()] for name in cls.__dataclass_fields__})
        except KeyError as error:
            raise IntakeError(f"environment variable missing: {error}; deploy the data stack again") from None


def handler(event: dict[str, Any], _: object) -> None:
    """An event of S3's (``Object Created``), or ``{"wanted": "key"}``: then the key is laid down for a job without network."""
    try:
        mine = Settings.of(os.environ)
        if event.get("wanted") == "key":
            _lay_key(mine)
        else:
            take(mine, event["detail"]["object"]["key"])
    except IntakeError:
        raise
    except Exception as error:  # its text could quote the object's key
        raise IntakeError(f"{type(error).__name__} ({code_of(error)})") from None


def take(mine: Settings, key: str) -> None:
    """Cleans one film, as it stands there now; what is there no more has been dealt with."""
    try:
        found = client("s3").get_object(Bucket=mine.intake_bucket, Key=key)
    except Exception as error:
        if code_of(error) in ("NoSuchKey", "404"):
            return
        raise
    try:
        film = deidentify_film(found["Body"].read(LIMITS.max_bytes + 1), pseudonyms(mine.pseudonyms_key_id))
    except ImageError as error:
        _quarantine(mine, key, found["ETag"], error)
        _count(mine, Metric.QUARANTINED, key, code=error.code)
    else:
        _keep(mine, key, film)
        _count(mine, Metric.FILMS, key)


@cache
def pseudonyms(key_id: str) -> Pseudonyms:
    """This platform's. Their key follows from one that never leaves KMS, so it can always be made again."""
    made = client("kms").generate_mac(KeyId=key_id, MacAlgorithm="HMAC_SHA_256", Message=MESSAGE)
    return Pseudonyms(made["Mac"])


def _keep(mine: Settings, key: str, film: CleanFilm) -> None:
    """The clean film; its name is noted at the original, where people with access to both can look it up."""
    name = f"{mine.task}/{film.name}"
    try:
        client("s3").put_object(Bucket=mine.clean_bucket, Key=name, Body=film.data, IfNoneMatch="*")
    except Exception as error:
        if code_of(error) not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise
    client("s3").put_object_tagging(
        Bucket=mine.intake_bucket, Key=key, Tagging={"TagSet": [{"Key": Arrivals.CLEAN_TAG, "Value": name}]}
    )


def _quarantine(mine: Settings, key: str, etag: str, error: ImageError) -> None:
    """Moves this very film, and not one that came under the same key in the meantime. Versions keep what was deleted."""
    place = Arrivals.QUARANTINE + key.partition("/")[2]
    reason = json.dumps({"code": error.code, "detail": error.detail})
    source = {"Bucket": mine.intake_bucket, "Key": key}
    s3 = client("s3")
    try:
        s3.copy_object(Bucket=mine.intake_bucket, Key=place, CopySource=source, CopySourceIfMatch=etag)
        s3.put_object(
            Bucket=mine.intake_bucket, Key=f"{place}{Arrivals.REASON}", Body=reason.encode(), ContentType="application/json"
        )
        s3.delete_object(Bucket=mine.intake_bucket, Key=key, IfMatch=etag)
    except Exception as failure:
        if code_of(failure) not in ("PreconditionFailed", "NoSuchKey", "404"):
            raise


def _lay_key(mine: Settings) -> None:
    """Beside the originals, in a bucket whose readers see the patients anyway."""
    body = pseudonyms(mine.pseudonyms_key_id).key
    client("s3").put_object(Bucket=mine.intake_bucket, Key=Arrivals.KEY, Body=body)


def _count(mine: Settings, metric: Metric, key: str, **record: str) -> None:
    emf.count(mine, {metric: 1.0}, event="film", object=hashlib.sha256(key.encode()).hexdigest()[:16], **record)
