"""The one place where functions make AWS clients: once a process, and replaced by fakes in tests."""

from __future__ import annotations

from functools import cache
from typing import Any

ATTEMPTS = 2
READ_TIMEOUT_S = 25
"""Below the gateway's 29 s, so that a slow endpoint gets an answer of ours."""


def client(service: str) -> Any:
    """The process's client of ``service``."""
    return make(service)


@cache
def make(service: str) -> Any:
    """A boto3 client; tests put their own function in this one's place."""
    import boto3  # Lambda brings it
    from botocore.config import Config

    config = Config(
        connect_timeout=2,
        read_timeout=READ_TIMEOUT_S,
        # a reading that timed out is still being made: asking again would only double the load
        retries={"total_max_attempts": 1 if service == "sagemaker-runtime" else ATTEMPTS, "mode": "standard"},
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "virtual"} if service == "s3" else None,
    )
    return boto3.client(service, config=config)


def code_of(error: Exception) -> str:
    """The service's code of a client's error (``ThrottlingException``), or the name of its type."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)
