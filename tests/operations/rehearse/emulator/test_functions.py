"""What a function is, whether it failed, and that none is started once the emulator ends."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from operations.rehearse.emulator.functions import Places, Runner, handler_of, is_failure, made_of
from operations.rehearse.record import Record


def function(**changes: Any) -> Any:
    plain = {
        "function_name": "predict",
        "package_type": "Zip",
        "handler": "model_code.lambdas.predict.handler",
        "image_config": SimpleNamespace(response=lambda: {"Command": ["model_code.lambdas.deidentify.handler"]}),
        "code_sha_256": "a",
        "description": "",
        "environment_vars": {"A": "b"},
    }
    return SimpleNamespace(**{**plain, **changes})


def test_the_handler_is_the_functions_own_or_the_command_of_its_image() -> None:
    assert handler_of(function()) == "model_code.lambdas.predict.handler"
    assert handler_of(function(package_type="Image")) == "model_code.lambdas.deidentify.handler"


@pytest.mark.parametrize("change", [{"code_sha_256": "b"}, {"description": "anew"}, {"environment_vars": {}}])
def test_a_process_is_of_its_code_and_its_configuration(change: dict[str, Any]) -> None:
    assert made_of(function()) == made_of(function())
    assert made_of(function()) != made_of(function(**change))


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ('{"errorType": "KeyError", "errorMessage": "x"}', True),
        ("Task timed out after 3.00 seconds", True),
        ('{"statusCode": 500}', False),
        ('{"errorType": "a field of its own"}', False),
        ("null", False),
        ('["errorType", "errorMessage"]', False),
    ],
)
def test_what_a_failure_looks_like(answer: str, failed: bool) -> None:
    assert is_failure(answer) is failed


def test_once_stopped_it_starts_no_more_and_says_so(tmp_path: Path) -> None:
    record = Record(tmp_path / "record.jsonl")
    runner = Runner(Places(tmp_path, tmp_path, tmp_path, "http://127.0.0.1:9"), record)
    runner.stop()

    answer, failed = runner.invoke(function(), "{}")

    assert failed
    assert json.loads(answer)["errorMessage"] == "the emulator is ending"
    assert record.read("invoked")[0]["handler"] == "model_code.lambdas.predict.handler"
