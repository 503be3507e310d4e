from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.aws import AwsError, FakeAws, stream
from tests.model_code.lambdas.conftest import GROUP, INVOKE, lines, post, reading


@pytest.mark.parametrize(
    ("code", "status", "answered"),
    [
        ("ValidationError", 503, "no_model"),
        ("ThrottlingException", 503, "busy"),
        ("ModelNotReadyException", 503, "busy"),
        ("ModelError", 502, "model_error"),
        ("Unheard", 502, "model_error"),
    ],
)
def test_what_goes_wrong_at_the_endpoint_has_a_code(
    serving: FakeAws, capsys: pytest.CaptureFixture[str], code: str, status: int, answered: str
) -> None:
    def wrong(_: Any) -> Any:
        raise AwsError(code)

    serving.replies[INVOKE] = wrong
    answer = post()

    assert (answer["statusCode"], answer["body"]["code"]) == (status, answered)
    assert "\n" not in answer["body"]["error"] and "planted" not in answer["body"]["error"]
    counted = [line["Errors"] for line in lines(capsys)]
    assert counted == ([] if answered == "no_model" else [1])


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"schema": "other"}'])
def test_an_answer_that_is_no_reading_is_a_fault(serving: FakeAws, body: bytes) -> None:
    serving.replies[INVOKE] = {"Body": stream(body)}

    assert (post()["statusCode"], post()["body"]["code"]) == (502, "model_error")


def test_an_endpoint_on_lambda_is_asked_with_its_event(serving: FakeAws, use: Callable[..., Any]) -> None:
    use(ENDPOINT_KIND="lambda")
    serving.replies["lambda.Invoke"] = {"StatusCode": 200, "Payload": stream(json.dumps(reading()).encode())}

    assert post()["body"] == reading()
    (call,) = serving.of("lambda.Invoke")
    assert call["FunctionName"] == GROUP
    assert json.loads(call["Payload"]).keys() == {"content_type", "body"}


def test_a_function_that_fails_is_a_fault_of_the_model(serving: FakeAws, use: Callable[..., Any]) -> None:
    use(ENDPOINT_KIND="lambda")
    serving.replies["lambda.Invoke"] = {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": stream(b"{}")}

    assert post()["body"]["code"] == "model_error"
