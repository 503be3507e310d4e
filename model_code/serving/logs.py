"""Logs are JSON lines with the reading record alone: no pixels, no header values, no file names, no addresses."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from model_code.reading import Reading


def reading_record(reading: Reading) -> dict[str, Any]:
    """The PHI-free line that monitoring reads: what was answered, by which model, how fast."""
    return {
        "reading": reading.id,
        "model": reading.model.name,
        "version": reading.model.version,
        "status": reading.status,
        "reasons": [reason.code for reason in reading.reasons],
        "scores": {finding.label: round(finding.probability, 4) for finding in reading.findings},
        "rows": reading.image.rows if reading.image else None,
        "columns": reading.image.columns if reading.image else None,
        "timing_ms": reading.timing_ms.model_dump(),
    }


def configure_logs() -> None:
    """JSON lines on standard error, for our own events and uvicorn's; of an exception only its type is told."""
    shared: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), _exception_type]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


def _exception_type(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A traceback can quote what it failed on; its type is enough to find it."""
    info = event.pop("exc_info", None)
    if info:
        error = info[1] if isinstance(info, tuple) else sys.exc_info()[1]
        event["error"] = type(error).__name__
    return event
