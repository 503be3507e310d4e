"""Clients of AWS, and their errors as one line.

boto3 alone, not the SageMaker SDK: version 3 of the SDK builds requests, and ours are what the pipeline's deployed definition
already holds. In exchange it brings MLflow, paramiko, cloudpickle, OmegaConf and a ``rich`` older than ours (3.27), and
it cannot work out a definition's expressions. Its tables of images serve as a judge of ours: ``operations.sdk_check``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from model_code.errors import OverreadError, UsageError

MISSING: Final = frozenset(
    {"ResourceNotFoundException", "ResourceNotFound", "ValidationError", "ValidationException", "NoSuchKey", "404"}
)
"""What the services answer where something is not there; CloudFormation and SageMaker call it a validation."""


class Aws:
    """Clients of one region, made when they are first asked for."""

    def __init__(self, region: str | None = None) -> None:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ModuleNotFoundError:
            raise UsageError("this needs boto3; run: pip install 'overread[cloud]'") from None
        self._session = boto3.Session(region_name=region)
        self._errors = (BotoCoreError, ClientError)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of a service."""
        if service not in self._clients:
            with self.told(service):
                self._clients[service] = self._session.client(service)
        return self._clients[service]

    def call(self, service: str, operation: str, **request: Any) -> Any:
        """One call.

        Raises:
            OverreadError: AWS refused it, or could not be reached.
        """
        with self.told(f"{service}:{operation}"):
            return getattr(self.client(service), operation)(**request)

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Errors of AWS as one line; an error's own text can quote names, so only AWS's reasons for whole requests are shown."""
        try:
            yield
        except self._errors as error:
            raise OverreadError(f"{what}: {reason_of(error)}; check credentials, region and rights") from error

    def is_missing(self, error: BaseException) -> bool:
        """Whether a failed call says that what it asked for is not there."""
        cause = error.__cause__
        code = code_of(cause) if cause else ""
        return code in MISSING


def code_of(error: BaseException) -> str:
    """AWS's code (``AccessDenied``) or the error's type."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)


def reason_of(error: BaseException) -> str:
    """The code and, where AWS gives one, its reason on one line."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    text = " ".join(str(response.get("Error", {}).get("Message", "")).split())
    return f"{code_of(error)}: {text}" if text else code_of(error)
