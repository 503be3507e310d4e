"""What a function of the service is told by its environment variables, as one checked type."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

KINDS: Final = ("serverless", "realtime", "async", "lambda")

GATEWAY_MAX_BYTES: Final = 4_500_000
"""What reaches a function through the gateway: 6 MiB of event, less a third for base64 and some for the rest of the event."""


class SettingsError(RuntimeError):
    """A variable is missing or wrong: the function was not deployed by this platform."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One field a variable; every function of the API gets all of them, and its policy says what it may touch."""

    environment: str
    task: str
    model_group: str
    audit_table: str
    studies_bucket: str
    studies_key: str
    endpoint_kind: str
    endpoint_name: str
    challenger_name: str
    """Empty where the environment has no challenger."""
    max_body_bytes: int
    retraining_arn: str

    def __post_init__(self) -> None:
        if self.endpoint_kind not in KINDS:
            raise SettingsError(f"ENDPOINT_KIND is '{self.endpoint_kind}'; allowed: {', '.join(KINDS)}; deploy the API again")
        if self.max_body_bytes < 1:
            raise SettingsError(f"MAX_BODY_BYTES is {self.max_body_bytes}; allowed: 1 or more; deploy the API again")

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Reads ``ENVIRONMENT``, ``TASK``, … each the upper case of a field.

        Raises:
            SettingsError: one is missing or not allowed.
        """
        try:
            texts = {name: environ[name.upper()] for name in cls.__dataclass_fields__ if name != "max_body_bytes"}
            return cls(**texts, max_body_bytes=int(environ["MAX_BODY_BYTES"]))
        except (KeyError, ValueError) as error:
            raise SettingsError(f"environment variable missing or not a number: {error}; deploy the API again") from None

    @property
    def direct_max_bytes(self) -> int:
        """The largest film that ``POST /predict`` takes."""
        return min(self.max_body_bytes, GATEWAY_MAX_BYTES)

    def parameter(self, name: str) -> str:
        """A parameter of the task: ``approved-model-package``, ``challenger-model-package`` or ``routing``."""
        return f"/{self.model_group}/{name}"


@cache
def settings() -> Settings:
    """This process's own."""
    return Settings.of(os.environ)
