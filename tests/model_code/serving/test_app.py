"""SageMaker's contract: no 200 before the model is there, one film a request in batch transform, JSON lines out."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from model_code.data.images import LIMITS
from model_code.errors import BundleError
from model_code.predictor import Predictor
from model_code.reading import Reading
from model_code.serving.app import build_app

PNG = {"content-type": "image/png"}


def ask(app: FastAPI, method: str, path: str, **request: Any) -> httpx.Response:
    """One request to the application in this process."""

    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.request(method, path, **request)

    return asyncio.run(one())


@pytest.fixture
def app(predictor: Predictor) -> FastAPI:
    return build_app(predictor)


def test_nothing_is_answered_until_the_model_is_loaded(predictor: Predictor, film: bytes) -> None:
    loading: Future[Predictor] = Future()
    app = build_app(loading)
    posted: dict[str, Any] = {"content": film, "headers": PNG}
    for refused in (ask(app, "GET", "/ping"), ask(app, "POST", "/invocations", **posted)):
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1" and "not loaded yet" in refused.json()["detail"]
    assert "overread_model_loaded 0.0" in ask(app, "GET", "/metrics").text

    loading.set_result(predictor)
    assert ask(app, "GET", "/ping").status_code == 200
    assert ask(app, "POST", "/invocations", **posted).json()["status"] == "read"
    assert "overread_model_loaded 1.0" in ask(app, "GET", "/metrics").text


def test_a_model_that_cannot_be_loaded_is_never_healthy() -> None:
    loading: Future[Predictor] = Future()
    app = build_app(loading)
    loading.set_exception(BundleError("altered"))
    assert ask(app, "GET", "/ping").status_code == 503


def test_batch_transform_is_told_what_it_may_send(app: FastAPI) -> None:
    told = ask(app, "GET", "/execution-parameters").json()
    assert set(told) == {"MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB"}
    assert told["BatchStrategy"] == "SINGLE_RECORD"
    assert told["MaxConcurrentTransforms"] * told["MaxPayloadInMB"] <= 100  # CreateTransformJob's limit, MB
    assert told["MaxPayloadInMB"] * 2**20 <= LIMITS.max_bytes  # no film that it sends is refused for its size


@pytest.mark.parametrize("kind", ["application/jsonlines", "Application/JSONLines; charset=utf-8"])
def test_answers_to_a_batch_make_json_lines(kind: str, app: FastAPI, film: bytes, predictor: Predictor) -> None:
    films = [film, b"not a film", film]
    answers = [ask(app, "POST", "/invocations", content=one, headers={**PNG, "accept": kind}) for one in films]
    assert {answer.headers["content-type"] for answer in answers} == {"application/jsonlines"}
    lines = "".join(answer.text for answer in answers).splitlines()  # as the service puts the parts together
    assert [json.loads(line)["status"] for line in lines] == ["read", "not_assessed", "read"]
    for line, one in zip(lines, films, strict=True):
        assert compared(Reading.model_validate_json(line)) == compared(predictor.read(one))


def test_without_that_wish_the_answer_is_one_line_of_json(app: FastAPI, film: bytes) -> None:
    answer = ask(app, "POST", "/invocations", content=film, headers=PNG)
    assert answer.headers["content-type"] == "application/json"
    assert "\n" not in answer.text and answer.json()["status"] == "read"


def test_many_at_once_get_what_each_would_get_alone(app: FastAPI, film: bytes, predictor: Predictor) -> None:
    films = [film, b"", film[: len(film) // 2], film] * 4

    async def all_at_once() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60) as client:
            return await asyncio.gather(*(client.post("/invocations", content=one, headers=PNG) for one in films))

    answers = asyncio.run(all_at_once())
    assert {answer.status_code for answer in answers} == {200}
    for answer, one in zip(answers, films, strict=True):
        assert compared(Reading.model_validate_json(answer.content)) == compared(predictor.read(one))


def test_beyond_its_places_it_sends_films_away(film: bytes, predictor: Predictor) -> None:
    app = build_app(predictor, places=1)

    async def at_once() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", timeout=60) as client:
            return await asyncio.gather(*(client.post("/invocations", content=film, headers=PNG) for _ in range(4)))

    answers = asyncio.run(at_once())
    assert sorted(answer.status_code for answer in answers) == [200, 503, 503, 503]
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 503)
    assert ask(app, "POST", "/invocations", content=film, headers=PNG).status_code == 200


def compared(reading: Reading) -> str:
    return reading.model_dump_json(exclude={"id", "timing_ms"})
