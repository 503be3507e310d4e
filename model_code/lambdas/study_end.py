"""How a study ends: with a reading or without one. Recorded, kept for whoever sent it, and counted."""

from __future__ import annotations

import time
from datetime import datetime

from model_code.contract import Metric
from model_code.lambdas import audit, emf
from model_code.lambdas.endpoint_client import Reading
from model_code.lambdas.routing import Role
from model_code.lambdas.settings import Settings
from model_code.lambdas.study_files import keep_result
from model_code.lambdas.web import NO_MODEL


def fail(mine: Settings, study: str, code: str, error: str) -> None:
    """Without a reading."""
    audit.write(mine, subject=study, event="failed", who="service", code=code)
    keep_result(mine, study, {"state": "failed", "code": code, "error": error})
    if code != NO_MODEL.code:
        emf.count(mine, {Metric.ERRORS: 1.0}, event="failed", code=code)


def finish(mine: Settings, study: str, reading: Reading, *, role: Role, arrived: str) -> None:
    """The study's end with one; ``arrived`` is when its film came (ISO 8601)."""
    audit.write(
        mine,
        subject=study,
        event="read",
        who="service",
        reading=reading["id"],
        model=reading["model"]["version"],
        role=role.value,
        status=reading["status"],
    )
    keep_result(mine, study, {"state": "read", "reading": reading})
    latency = time.time() - datetime.fromisoformat(arrived).timestamp()
    emf.answered(mine, reading, role=role, latency_ms=latency * 1000)
