"""One call of a service, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One call of a service."""

    service: str
    operation: str
    """As the service's model writes it: ``CreateBucket``."""
    parameters: Json
