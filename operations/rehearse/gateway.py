"""Asks the deployed API as its gateway would: the route, its authorizer, the function behind it, and whether it may be called.

The emulator keeps an API's description but serves none, so this reads the description and invokes the function's real code.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from operations.rehearse.start import ACCOUNT, Emulator, RehearsalError

Json = dict[str, Any]
MACHINE: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/rehearsal/session"
PERSON: Final = {"sub": "00000000-0000-4000-8000-000000000001", "cognito:groups": "engineer"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Json


@dataclass(frozen=True)
class Gateway:
    """One deployed API and its stage."""

    emulator: Emulator
    api: str
    stage: str

    def ask(self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """One request, by a person or a machine, whichever the route lets in.

        Raises:
            RehearsalError: there is no such route, or the gateway may not call its function.
        """
        resource, values = self._resource(path)
        described = self.emulator.client("apigateway").get_method(
            restApiId=self.api, resourceId=resource["id"], httpMethod=method
        )
        function = function_in(described["methodIntegration"]["uri"])
        self._require_permission(function, method, resource["path"])
        event = self._event(method, path, resource["path"], values, described["authorizationType"], body, headers or {})
        answer = self.emulator.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RehearsalError(f"{method} {path}: the function raised {payload}")
        return Answer(int(payload["statusCode"]), json.loads(payload["body"]))

    def routes(self) -> list[tuple[str, str]]:
        """Method and path of everything that it answers."""
        return [
            (method, resource["path"]) for resource in self._resources() for method in sorted(resource.get("resourceMethods", {}))
        ]

    def _resources(self) -> list[Json]:
        listed: list[Json] = self.emulator.client("apigateway").get_resources(restApiId=self.api, limit=500)["items"]
        return listed

    def _resource(self, path: str) -> tuple[Json, dict[str, str]]:
        for resource in self._resources():
            values = matched(resource["path"], path)
            if values is not None:
                return resource, values
        raise RehearsalError(f"the API has no {path}")

    def _require_permission(self, function: str, method: str, path: str) -> None:
        source = f"arn:aws:execute-api:{self.emulator.region}:{ACCOUNT}:{self.api}/{self.stage}/{method}{placeless(path)}"
        policy = json.loads(self.emulator.client("lambda").get_policy(FunctionName=function)["Policy"])
        allowed = [
            pattern
            for statement in policy["Statement"]
            if statement["Principal"].get("Service") == "apigateway.amazonaws.com"
            for pattern in statement.get("Condition", {}).get("ArnLike", {"": "*"}).values()
        ]
        if not any(fnmatchcase(source, pattern) for pattern in allowed):
            raise RehearsalError(f"the function's policy does not let {method} {path} call it")

    def _event(
        self, method: str, path: str, resource: str, values: dict[str, str], kind: str, body: bytes, headers: Mapping[str, str]
    ) -> Json:
        """A proxy event, with the caller that the method's authorizer would have found."""
        who: Json = {"authorizer": {"claims": PERSON}} if kind == "COGNITO_USER_POOLS" else {}
        text, binary = (
            body.decode("utf-8", "replace"),
            headers.get("Content-Type", "").startswith(("image/", "application/dicom")),
        )
        return {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": dict(headers),
            "pathParameters": values or None,
            "queryStringParameters": None,
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "stage": self.stage,
                "requestTimeEpoch": int(time.time() * 1000),
                "identity": {"sourceIp": "127.0.0.1", "userArn": None if who else MACHINE},
                **who,
            },
            "body": base64.b64encode(body).decode() if binary else text,
            "isBase64Encoded": binary,
        }


def function_in(uri: str) -> str:
    """The function's ARN in an integration's URI."""
    return uri.partition("/functions/")[2].removesuffix("/invocations")


def matched(pattern: str, path: str) -> dict[str, str] | None:
    """The values of ``{parameters}`` where the path fits; None where it does not."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    values = {}
    for one, other in zip(wanted, given, strict=True):
        if one.startswith("{"):
            values[one.strip("{}")] = other
        elif one != other:
            return None
    return values


def placeless(path: str) -> str:
    """A resource's path as permissions write it: ``/studies/*``."""
    return "/".join("*" if part.startswith("{") else part for part in path.split("/"))
