"""Asks a deployed API for a reading of one film, as the delivery pipeline does after each deployment.

``python -m operations.smoke --stage overread-dev --film phantom.png`` asks as a machine does: the request is signed with the
credentials that it finds, and counted by the machine's key. Exit code 0: the API answered with a Reading, or that no model is
approved yet; 1: it did not; 2: wrong use.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session
from botocore.session import Session

SCHEMA: Final = "overread.reading/1"
NO_MODEL: Final = "no_model"
NOT_YET: Final = (429, 500, 502, 503, 504)
"""Answers of an API whose functions or endpoint are still starting."""
ATTEMPTS: Final = 6
WAIT_SECONDS = 20.0
TIMEOUT_SECONDS: Final = 60


class SmokeError(Exception):
    """The API does not do what it is there for; the message is for the log of a build."""


def main(arguments: list[str] | None = None) -> int:
    """One line on standard output when it works, one on standard error when it does not."""
    parser = argparse.ArgumentParser(prog="python -m operations.smoke", description="ask a deployed API for a reading")
    parser.add_argument("--stage", required=True, help="the environment's stage, overread-dev; its parameters say where to ask")
    parser.add_argument("--film", required=True, type=Path, help="a PNG")
    options = parser.parse_args(arguments)
    try:
        film = options.film.read_bytes()
        session = Session()
        print(f"smoke: {read(session, door_of(session, options.stage), film)}")
    except (SmokeError, OSError, BotoCoreError, ClientError) as error:
        print(f"smoke: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


@dataclass(frozen=True)
class Door:
    """Where machines ask, and the key that counts what they ask."""

    url: str
    key: str


def door_of(session: Session, stage: str) -> Door:
    """What the API's stack left in the stage's parameters."""
    parameters = session.create_client("ssm")
    url, key = (
        str(parameters.get_parameter(Name=f"/{stage}/{name}")["Parameter"]["Value"]) for name in ("api-url", "machine-key-id")
    )
    value = session.create_client("apigateway").get_api_key(apiKey=key, includeValue=True)["value"]
    return Door(f"{url.rstrip('/')}/machines", str(value))


def read(session: Session, door: Door, film: bytes) -> str:
    """Sends the film, again while the API is still starting, and says what it answered.

    Raises:
        SmokeError: the last answer is neither a Reading nor that there is no model yet.
    """
    for attempt in range(1, ATTEMPTS + 1):
        status, body = _post(session, door, film)
        if status not in NOT_YET or attempt == ATTEMPTS or _code(body) == NO_MODEL:
            break
        time.sleep(WAIT_SECONDS)
    return verdict(status, body)


def verdict(status: int, body: bytes) -> str:
    """What an answer means.

    Raises:
        SmokeError: the API is not well.
    """
    if status == 503 and _code(body) == NO_MODEL:
        return "deployed, no model yet: approve a model package, then it reads"
    if status != 200:
        raise SmokeError(f"the API answered {status}: {body[:200].decode('utf-8', 'replace')}")
    reading = _object(body)
    if reading.get("schema") != SCHEMA or reading.get("status") not in ("read", "not_assessed"):
        raise SmokeError(f"the API answered 200, but not with a Reading ({SCHEMA}): {body[:200].decode('utf-8', 'replace')}")
    reasons = [str(reason.get("code")) for reason in reading.get("reasons", [])]
    if "unreadable" in reasons:
        raise SmokeError("the API could not read a PNG that every version reads")
    model = reading.get("model") or {}
    by = f"{model.get('name')} {model.get('version')}"
    return f"read by {by}" if reading["status"] == "read" else f"not assessed by {by}: {', '.join(reasons)}"


def _post(session: Session, door: Door, film: bytes) -> tuple[int, bytes]:
    headers = {"Content-Type": "image/png", "Accept": "application/json", "x-api-key": door.key}
    request = AWSRequest("POST", f"{door.url}/predict", headers=headers, data=film)
    credentials = session.get_credentials()
    if credentials is None:
        raise SmokeError("no AWS credentials; in a build the role has them, elsewhere run `aws configure` or set AWS_PROFILE")
    SigV4Auth(credentials, "execute-api", session.get_config_variable("region")).add_auth(request)
    answer = URLLib3Session(timeout=TIMEOUT_SECONDS).send(request.prepare())
    return answer.status_code, answer.content


def _code(body: bytes) -> str | None:
    return _object(body).get("code")


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty where there is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
