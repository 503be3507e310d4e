from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from model_code.data.images import decode
from model_code.lambdas import read_study
from model_code.lambdas.read_study import TryAgain
from tests.aws import AwsError, FakeAws
from tests.films import planted_in, png, ramp, real_film
from tests.model_code.lambdas.conftest import (
    GROUP,
    RESULT,
    STUDY,
    Store,
    arrival,
    inference,
    lines,
    package,
    parameters,
    reading,
)

INVOKE = "sagemaker-runtime.InvokeEndpoint"
UPLOAD = arrival(f"uploads/{STUDY}")


class LocalPredictor:
    """Stands for the bundle that the function would fetch: answers with what it was given."""

    def __init__(self) -> None:
        self.films: list[bytes] = []

    def read(self, film: bytes) -> Any:
        self.films.append(film)

        class Answer:
            def to_json(self) -> str:
                return json.dumps(reading(version="local"))

        return Answer()


def events(aws: FakeAws) -> list[str]:
    return [call["Item"]["event"]["S"] for call in aws.of("dynamodb.PutItem")]


def test_a_film_that_has_come_is_read(aws: FakeAws, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    read_study.handler(UPLOAD, None)

    film = store.objects[f"uploads/{STUDY}"]
    expected = reading()
    expected["image"]["sha256"] = hashlib.sha256(film).hexdigest()
    assert store.result == {"state": "read", "reading": expected}
    assert events(aws) == ["read"]
    assert not planted_in(capsys.readouterr().out + json.dumps(aws.of("dynamodb.PutItem")))


def test_the_same_event_twice_does_no_harm(aws: FakeAws, store: Store) -> None:
    read_study.handler(UPLOAD, None)
    read_study.handler(UPLOAD, None)

    assert len(aws.of(INVOKE)) == 1


@pytest.mark.parametrize("key", ["uploads/", "uploads/readme.txt", "uploads/../x"])
def test_an_object_that_is_no_study_is_left_alone(aws: FakeAws, store: Store, key: str) -> None:
    read_study.handler(arrival(key), None)

    assert aws.calls == []


def test_a_film_that_nobody_announced_is_left_alone(aws: FakeAws, store: Store) -> None:
    store.sent = None
    read_study.handler(UPLOAD, None)

    assert RESULT not in store.objects


def test_the_real_film_is_asked_about_in_a_smaller_form(aws: FakeAws, store: Store, use: Callable[..., Any]) -> None:
    use(ENDPOINT_KIND="realtime", MAX_BODY_BYTES="6291456")
    film = real_film("RG1_UNCR.dcm")
    store.send(film)
    read_study.handler(UPLOAD, None)
    (call,) = aws.of(INVOKE)

    assert len(call["Body"]) < 6_291_456 < len(film)
    assert np.array_equal(decode(call["Body"]).pixels, decode(film).pixels)
    assert store.result["reading"]["image"]["sha256"] == hashlib.sha256(film).hexdigest()


def test_what_stays_too_large_is_read_here_by_the_same_model(aws: FakeAws, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    locals_by_package = {package(7): LocalPredictor()}
    monkeypatch.setattr(read_study, "predictor", locals_by_package.__getitem__)
    film = real_film("RG1_UNCR.dcm")
    store.send(film)
    read_study.handler(UPLOAD, None)

    assert locals_by_package[package(7)].films == [film]
    assert aws.of(INVOKE) == []
    assert store.result["reading"]["model"]["version"] == "local"


@pytest.mark.parametrize(("content_type", "film"), [("image/png", bytes(5_000_000)), ("application/dicom", bytes(5_000_000))])
def test_so_is_what_cannot_be_compressed(
    aws: FakeAws, store: Store, monkeypatch: pytest.MonkeyPatch, content_type: str, film: bytes
) -> None:
    local = LocalPredictor()
    monkeypatch.setattr(read_study, "predictor", lambda _: local)
    store.send(film, content_type)
    read_study.handler(UPLOAD, None)

    assert local.films == [film]


def test_without_a_model_the_study_fails_and_says_why(aws: FakeAws, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    aws.replies["ssm.GetParameters"] = parameters("none")
    read_study.handler(UPLOAD, None)

    assert (store.result["state"], store.result["code"]) == ("failed", "no_model")
    assert events(aws) == ["failed"]
    assert not capsys.readouterr().out


@pytest.mark.parametrize("code", ["ThrottlingException", "ModelNotReadyException"])
def test_what_passes_is_tried_again(aws: FakeAws, store: Store, code: str) -> None:
    def busy(_: Any) -> Any:
        raise AwsError(code)

    aws.replies[INVOKE] = busy
    with pytest.raises(TryAgain):
        read_study.handler(UPLOAD, None)

    assert RESULT not in store.objects


def test_what_does_not_ends_the_study(aws: FakeAws, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    def wrong(_: Any) -> Any:
        raise AwsError("ModelError")

    aws.replies[INVOKE] = wrong
    read_study.handler(UPLOAD, None)

    assert (store.result["state"], store.result["code"]) == ("failed", "model_error")
    assert [line["Errors"] for line in lines(capsys)] == [1]


def test_a_study_stays_with_its_model(aws: FakeAws, store: Store) -> None:
    aws.replies["ssm.GetParameters"] = parameters(package(7), package(8), '{"challenger_percent": 50}')
    for slot in (0, 9_999):
        store.objects.pop(RESULT, None)
        store.send(png(ramp(8)), "image/png", slot)
        read_study.handler(UPLOAD, None)

    assert [call["EndpointName"] for call in aws.of(INVOKE)] == [f"{GROUP}-challenger", GROUP]


def test_in_shadow_the_champion_answers_and_both_are_recorded(
    aws: FakeAws, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.replies["ssm.GetParameters"] = parameters(package(7), package(8), '{"shadow": true}')
    aws.replies[INVOKE] = lambda call: inference(reading(version="8" if call["EndpointName"].endswith("challenger") else "7"))
    read_study.handler(UPLOAD, None)

    assert store.result["reading"]["model"]["version"] == "7"
    assert [line["version"] for line in lines(capsys) if line.get("event") == "shadow_reading"] == ["8"]


def test_an_asynchronous_endpoint_is_asked_by_reference(aws: FakeAws, store: Store, use: Callable[..., Any]) -> None:
    use(ENDPOINT_KIND="async", MAX_BODY_BYTES=str(2**30))
    aws.replies["sagemaker-runtime.InvokeEndpointAsync"] = {"InferenceId": STUDY}
    read_study.handler(UPLOAD, None)

    assert aws.of("sagemaker-runtime.InvokeEndpointAsync") == [
        {
            "EndpointName": GROUP,
            "InputLocation": f"s3://studies-bucket/uploads/{STUDY}",
            "ContentType": "application/dicom",
            "Accept": "application/json",
            "InferenceId": STUDY,
            "Filename": f"{STUDY}.json",
        }
    ]
    assert RESULT not in store.objects
