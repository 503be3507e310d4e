"""Requests and answers of the gateway's proxy events. Refusals are JSON with a code and one line; nothing else ever leaves."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_code.contract import Metric
from model_code.lambdas import emf
from model_code.lambdas.clients import code_of
from model_code.lambdas.settings import Settings, settings

ENGINEER: Final = "engineer"
READER: Final = "reader"
GROUPS: Final = (READER, ENGINEER)

Event = dict[str, Any]
Handler = Callable[[Event, Any], dict[str, Any]]

SAFE: Final = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
}


class Refusal(Exception):
    """The answer to a request that is not done: a status, a stable code, and one line that says what to do."""

    def __init__(self, status: int, code: str, error: str) -> None:
        super().__init__(error)
        self.status, self.code, self.error = status, code, error


NO_MODEL: Final = Refusal(503, "no_model", "no model is approved yet; approve one in the registry")


@dataclass(frozen=True)
class Answer:
    """A status and a JSON value."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A proxy event of the gateway, looked at."""

    event: Event

    @property
    def who(self) -> str:
        """``person:<id in the user pool>`` or ``role:<ARN>``, without the session's name."""
        context = self.event["requestContext"]
        claims = (context.get("authorizer") or {}).get("claims")
        if claims:
            return f"person:{claims['sub']}"
        return f"role:{role_of(context['identity']['userArn'])}"

    def require(self, *groups: str) -> None:
        """Machines were let in by a policy that names the route; people need to be in one of the groups.

        Raises:
            Refusal: the person is in none of them.
        """
        claims = (self.event["requestContext"].get("authorizer") or {}).get("claims")
        if claims is None:
            return
        # one group arrives as itself, several as text in brackets or with commas
        held = claims.get("cognito:groups", "").strip("[]").replace(",", " ").split()
        if not set(held) & set(groups):
            raise Refusal(403, "not_allowed", f"this needs membership of the group {' or '.join(groups)}; ask an administrator")

    def header(self, name: str) -> str:
        """A header's value, or an empty text; names do not depend on case."""
        headers = self.event.get("headers") or {}
        return next((str(value) for key, value in headers.items() if key.lower() == name and value is not None), "")

    @property
    def content_type(self) -> str:
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def body(self) -> bytes:
        text = self.event.get("body") or ""
        if not self.event.get("isBase64Encoded"):
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise Refusal(400, "bad_request", "the body is not what the gateway says it is; send the film's bytes") from None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; the gateway has already held it against its schema."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal(400, "bad_request", "the body is not JSON") from None
        if not isinstance(found, dict):
            raise Refusal(400, "bad_request", "the body is not a JSON object")
        return found

    def path(self, name: str) -> str:
        return str((self.event.get("pathParameters") or {}).get(name, ""))

    @property
    def arrived_ms(self) -> float:
        """When the gateway took the request."""
        return float(self.event["requestContext"].get("requestTimeEpoch") or time.time() * 1000)


def role_of(arn: str) -> str:
    """``arn:aws:iam::<account>:role/<name>`` of an assumed role's session; any other ARN as it is."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
    return arn


def handler_of(work: Callable[[Request, Settings], Answer]) -> Handler:
    """``work`` as Lambda calls it: what it refuses and what goes wrong become answers, and faults are counted."""

    def handler(event: Event, _: Any) -> dict[str, Any]:
        try:
            return _rendered(work(Request(event), settings()))
        except Refusal as refusal:
            if refusal.status >= 500 and refusal is not NO_MODEL:
                emf.count(settings(), {Metric.ERRORS: 1.0}, event="refused", code=refusal.code)
            return _rendered(Answer(refusal.status, {"code": refusal.code, "error": refusal.error}))
        except Exception as error:
            # the text of an exception can quote what it failed on; its kind is enough to find it
            emf.count(settings(), {Metric.ERRORS: 1.0}, event="failed", error=type(error).__name__, code=code_of(error))
            body = {"code": "internal", "error": "the service failed on this request; its log names the kind of failure"}
            return _rendered(Answer(500, body))

    return handler


def _rendered(answer: Answer) -> dict[str, Any]:
    return {"statusCode": answer.status, "headers": {**SAFE, **answer.headers}, "body": json.dumps(answer.body)}
