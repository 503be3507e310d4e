"""What a log line says, and what it leaves out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from model_code.predictor import Predictor
from model_code.serving.logs import configure_logs, reading_record
from tests.films import PLANTED, planted_in


@pytest.fixture
def own_logs() -> Iterator[None]:
    """Leaves the logs as they were."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    yield
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_record_holds_the_answer_and_nothing_of_the_file(predictor: Predictor, film: bytes) -> None:
    reading = predictor.read(film)
    record = reading_record(reading)
    assert set(record) == {"reading", "model", "version", "status", "reasons", "scores", "rows", "columns", "timing_ms"}
    assert set(record["scores"]) == set(predictor.bundle.info.labels) and record["rows"] == reading.image.rows  # type: ignore[union-attr]
    assert reading_record(predictor.read(b""))["reasons"] == ["unreadable"]


def test_of_an_exception_only_its_type_is_told(own_logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    try:
        raise ValueError(PLANTED["PatientName"])
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
        structlog.get_logger().exception("failed")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["error"]) for line in lines] == [
        ("Exception in ASGI application", "ValueError"),
        ("failed", "ValueError"),
    ]
    assert not planted_in(json.dumps(lines))
