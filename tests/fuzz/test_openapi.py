"""The server holds its own OpenAPI document under requests that schemathesis makes from it, in keeping with it and not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import schemathesis.openapi
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from model_code.contract import IMAGE_CONTENT_TYPES
from tests.cli import serving
from tests.films import jpeg, png, ramp
from tests.fuzz.mutate import mutate

BODIES = st.binary() | st.builds(mutate, st.sampled_from([png(ramp(8)), jpeg(ramp(8))]), st.integers(0, 1000))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = ["GET /ping", "GET /execution-parameters", "GET /metrics", "POST /invocations", "POST /predict"]


@pytest.fixture(scope="module")
def schema(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    for kind in IMAGE_CONTENT_TYPES:
        schemathesis.openapi.media_type(kind, BODIES)
    with serving(bundle, tmp_path_factory.mktemp("openapi") / "log") as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


def operations(schema: Any) -> dict[str, Any]:
    return {f"{found.ok().method.upper()} {found.ok().path}": found.ok() for found in schema.get_all_operations()}


def test_every_operation_is_asked(schema: Any) -> None:
    assert sorted(operations(schema)) == sorted(OPERATIONS)


@pytest.mark.parametrize(
    ("name", "mode"),
    # of the others every request is in keeping with the document, or none can be made from it
    [*((name, GenerationMode.POSITIVE) for name in OPERATIONS), ("POST /predict", GenerationMode.NEGATIVE)],
)
def test_answers_are_as_the_document_says(name: str, mode: Any, schema: Any) -> None:
    @settings(derandomize=True, max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operations(schema)[name].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, timeout=60)

    ask()
