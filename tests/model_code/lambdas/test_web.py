from __future__ import annotations

import json

import pytest

from model_code.lambdas.settings import Settings
from model_code.lambdas.web import Answer, Refusal, Request, handler_of, role_of
from tests.cli import python
from tests.films import PLANTED, planted_in
from tests.model_code.lambdas.conftest import lines, request

LIGHT = ("predict", "studies", "study_result", "models", "retrain", "collect_reading")
HEAVY = ("pydicom", "numpy", "onnxruntime", "PIL", "pydantic", "fastapi", "structlog", "torch", "boto3", "botocore")


def test_handlers_of_the_managed_runtime_need_nothing_that_it_lacks() -> None:
    names = ", ".join(f"model_code.lambdas.{name}" for name in LIGHT)
    loaded = python(f"import sys, {names}; print(sorted({{name.partition('.')[0] for name in sys.modules}}))")

    assert not [name for name in HEAVY if f"'{name}'" in loaded]


def test_and_import_nothing_of_the_package_that_does_not_travel_with_them() -> None:
    names = ", ".join(f"model_code.lambdas.{name}" for name in LIGHT)
    loaded = python(f"import sys, {names}; print([name for name in sys.modules if name.startswith('model_code.')])")
    ours = [name.strip(" '[]\n") for name in loaded.split(",")]

    assert [name for name in ours if not name.startswith("model_code.lambdas")] == ["model_code.contract"]


def test_an_unexpected_fault_tells_nothing_of_what_it_failed_on(capsys: pytest.CaptureFixture[str]) -> None:
    def work(_: Request, __: Settings) -> Answer:
        raise RuntimeError(f"could not read {PLANTED}")

    answer = handler_of(work)(request(), None)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (500, "internal")
    logged = capsys.readouterr().out
    assert not planted_in(answer["body"] + logged)
    assert '"error": "RuntimeError"' in logged and "Traceback" not in logged


@pytest.mark.parametrize(("status", "counted"), [(400, []), (404, []), (502, [1]), (504, [1])])
def test_faults_of_ours_are_counted_and_mistakes_of_callers_are_not(
    status: int, counted: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: Request, __: Settings) -> Answer:
        raise Refusal(status, "some_code", "one line")

    answer = handler_of(work)(request(), None)

    assert (answer["statusCode"], json.loads(answer["body"])) == (status, {"code": "some_code", "error": "one line"})
    assert [line["Errors"] for line in lines(capsys)] == counted


def test_no_answer_is_kept_on_the_way() -> None:
    answer = handler_of(lambda _, __: Answer(200, {}))(request(), None)

    assert answer["headers"]["Cache-Control"] == "no-store"
    assert "max-age" in answer["headers"]["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("arn", "role"),
    [
        ("arn:aws:sts::1:assumed-role/gateway/jane@hospital.example", "arn:aws:iam::1:role/gateway"),
        ("arn:aws-us-gov:sts::1:assumed-role/gateway/s", "arn:aws-us-gov:iam::1:role/gateway"),
        ("arn:aws:iam::1:user/robot", "arn:aws:iam::1:user/robot"),
    ],
)
def test_a_session_is_known_by_its_role(arn: str, role: str) -> None:
    assert role_of(arn) == role


def test_a_body_that_is_not_base64_though_it_says_so_is_refused() -> None:
    with pytest.raises(Refusal, match="the body is not what"):
        _ = Request({**request(body=b"x"), "body": "***"}).body
