"""Bucket policies in the emulator: it reads no conditions.

So a statement that has one ("refuse whatever comes without TLS") would refuse everybody.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from moto.s3.models import FakeBucket


def leave_out_conditions() -> None:
    """Such statements are kept and shown, but refuse nobody."""
    before = FakeBucket.get_permission

    def get_permission(self: FakeBucket, action: str, resource: str) -> Any:
        return before(SimpleNamespace(policy=unconditional(self.policy)), action, resource)  # type: ignore[arg-type]

    FakeBucket.get_permission = get_permission  # type: ignore[method-assign]


def unconditional(policy: str | bytes | None) -> bytes | None:
    """The policy without its statements that have a condition; None where nothing is left."""
    if not policy:
        return None
    document = json.loads(policy)
    document["Statement"] = [statement for statement in document["Statement"] if "Condition" not in statement]
    return json.dumps(document).encode() if document["Statement"] else None
