"""AWS for tests of functions: real clients of botocore, which hold every request and every answer against the service's model.

Nothing is sent. What a test does not expect fails it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ParamValidationError
from botocore.response import StreamingBody
from botocore.validate import validate_parameters

Params = dict[str, Any]
Reply = Params | Callable[[Params], Params]


def pretend_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and a region, so that clients can be made; they open nothing."""
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)


class AwsError(Exception):
    """Raise it in a reply: the client then raises its own error with this code."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class FakeAws:
    """Replies by ``service.Operation``; ``calls`` holds what was asked, in order."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.calls: list[tuple[str, Params]] = []

    def of(self, operation: str) -> list[Params]:
        """The requests of one operation."""
        return [params for name, params in self.calls if name == operation]

    def client(self, service: str) -> Any:
        made = _session().create_client(
            service,
            region_name="us-east-1",
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="example",
            config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}) if service == "s3" else None,
        )
        made.meta.events.register_first("before-parameter-build.*.*", self._ask)
        made.meta.events.register_first("before-call.*.*", self._reply)
        return made

    def _ask(self, params: Params, context: Params, **_: Any) -> None:
        context["asked"] = dict(params)

    def _reply(self, model: Any, context: Params, **_: Any) -> tuple[AWSResponse, Params]:
        name, asked = f"{model.service_model.service_name}.{model.name}", context["asked"]
        self.calls.append((name, asked))
        if name not in self.replies:
            pytest.fail(f"nobody expected {name}")  # which no handler catches
        reply = self.replies[name]
        try:
            answer = dict(reply(asked) if callable(reply) else reply)
        except AwsError as error:
            problem = {"Error": {"Code": error.code, "Message": "planted"}, "ResponseMetadata": {}}
            return AWSResponse("", error.status, {}, None), problem
        _validate(model, answer)
        return AWSResponse("", 200, {}, None), answer


def stream(content: bytes) -> StreamingBody:
    """A body as clients give it."""
    return StreamingBody(io.BytesIO(content), len(content))


def _validate(model: Any, answer: Params) -> None:
    if model.output_shape is not None:
        try:
            validate_parameters(answer, model.output_shape)
        except ParamValidationError as error:
            pytest.fail(f"no answer of {model.name}: {error}")


@cache
def _session() -> Any:
    return botocore.session.get_session()
