"""A deployed endpoint asked for a reading, of each kind."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from model_code.cloud.aws import Aws
from model_code.cloud.endpoint import LIMITS, Deployed, content_type, find, invoke
from model_code.errors import OverreadError, UsageError
from tests.model_code.cloud.conftest import put, stack

READING = {"schema": "overread.reading/1", "status": "read"}


class Answers(Aws):
    """Answers calls of some operations itself, and keeps what was asked."""

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self.answers, self.asked = answers, dict[str, Any]()

    def call(self, service: str, operation: str, **request: Any) -> Any:
        self.asked[operation] = request
        return self.answers[operation] if operation in self.answers else super().call(service, operation, **request)


def body(answer: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(answer).encode())


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "Zebra^Quagga.png"
    path.write_bytes(b"\x89PNG film")
    return path


def test_the_environments_endpoint_is_found_in_its_stacks_outputs(account: Aws) -> None:
    stack(account, "endpoint", ChampionEndpoint="overread-dev-chest14", ChampionEndpointKind="serverless")

    assert find(account, "dev") == Deployed("overread-dev-chest14", "serverless", "studies")
    with pytest.raises(UsageError, match="'dev' has no challenger endpoint: no model is approved"):
        find(account, "dev", "Challenger")
    with pytest.raises(UsageError, match="the stack 'overread-prod-endpoint' is not in this account"):
        find(account, "prod")


@pytest.mark.parametrize("kind", ["serverless", "realtime"])
def test_a_film_goes_with_the_request(account: Aws, kind: str, png: Path) -> None:
    aws = Answers(invoke_endpoint={"Body": body(READING)})

    assert invoke(aws, Deployed("e", kind, ""), png) == READING
    assert aws.asked["invoke_endpoint"] == {
        "EndpointName": "e",
        "ContentType": "image/png",
        "Accept": "application/json",
        "Body": b"\x89PNG film",
    }


def test_a_function_gets_it_as_text(account: Aws, png: Path) -> None:
    aws = Answers(invoke={"Payload": body(READING)})
    assert invoke(aws, Deployed("f", "lambda", ""), png) == READING
    assert json.loads(aws.asked["invoke"]["Payload"])["content_type"] == "image/png"

    with pytest.raises(OverreadError, match="the function failed on this film"):
        invoke(Answers(invoke={"FunctionError": "Unhandled"}), Deployed("f", "lambda", ""), png)


ASKED = {"OutputLocation": "s3://studies/readings/e/1.out", "FailureLocation": "s3://studies/readings/e-failed/1.out"}


def test_an_asynchronous_endpoint_gets_it_by_reference_and_is_awaited(account: Aws, png: Path) -> None:
    aws = Answers(invoke_endpoint_async=ASKED)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            put(account, ASKED["OutputLocation"], json.dumps(READING).encode())

    assert invoke(aws, Deployed("e", "async", "studies"), png, sleep=sleep) == READING
    assert slept == sorted(slept) and len(slept) == 3
    place = aws.asked["invoke_endpoint_async"]["InputLocation"]
    assert place.startswith("s3://studies/uploads/invoke/") and "Quagga" not in place
    found = account.call("s3", "get_object", Bucket="studies", Key=place.removeprefix("s3://studies/"))
    assert found["Body"].read() == b"\x89PNG film"


def test_an_asynchronous_failure_and_silence_are_said(account: Aws, png: Path) -> None:
    aws = Answers(invoke_endpoint_async=ASKED)
    with pytest.raises(OverreadError, match=r"no answer within 900 s; it will stand at s3://studies/readings/e/1\.out"):
        invoke(aws, Deployed("e", "async", "studies"), png, sleep=lambda _: None)
    put(account, ASKED["FailureLocation"], b"it broke")
    with pytest.raises(OverreadError, match="the endpoint failed on this film"):
        invoke(aws, Deployed("e", "async", "studies"), png)


@pytest.mark.parametrize("kind", ["serverless", "realtime", "lambda"])
def test_what_is_too_large_is_refused_before_it_is_sent(account: Aws, kind: str, tmp_path: Path) -> None:
    film = tmp_path / "Zebra^Quagga.dcm"
    with film.open("wb") as stream:
        stream.truncate(LIMITS[kind] + 1)
    with pytest.raises(UsageError, match=f"the film has {LIMITS[kind] + 1:,} bytes; a {kind} endpoint takes at most") as raised:
        invoke(Answers(), Deployed("e", kind, ""), film)
    assert "Zebra" not in str(raised.value)


def test_the_limits_are_those_of_the_endpoints() -> None:
    from constructs_lib.endpoints import asynchronous, on_lambda, realtime, serverless

    kinds = (serverless.ServerlessEndpoint, realtime.RealtimeEndpoint, on_lambda.LambdaEndpoint, asynchronous.AsyncEndpoint)
    assert {kind.kind.value: kind.max_body_bytes for kind in kinds} == LIMITS


@pytest.mark.parametrize("answer", [{"predictions": [0.1]}, [1], "text"])
def test_an_answer_that_is_no_reading_is_refused(account: Aws, answer: Any, png: Path) -> None:
    with pytest.raises(OverreadError, match="the endpoint's answer is no Reading"):
        invoke(Answers(invoke_endpoint={"Body": body(answer)}), Deployed("e", "realtime", ""), png)


def test_a_film_that_is_not_there_is_said_without_its_name(account: Aws, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the film cannot be opened \(No such file or directory\)") as raised:
        invoke(Answers(), Deployed("e", "realtime", ""), tmp_path / "Zebra^Quagga.dcm")
    assert "Zebra" not in str(raised.value)


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"\x89PNG", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"\0" * 128 + b"DICM", "application/dicom")],
)
def test_the_kind_of_file_is_seen_in_its_first_bytes(start: bytes, kind: str) -> None:
    assert content_type(start) == kind
