"""Over HTTP the same Readings as everywhere, the right refusals, and logs that name nobody."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from model_code.contract import IMAGE_CONTENT_TYPES
from model_code.data.images import LIMITS, DecodedImage
from model_code.predictor import Predictor
from model_code.reading import Reading
from model_code.serving.app import build_app
from tests.cli import TIMEOUT, environment, error_line, overread, serving
from tests.films import PLANTED, dicom, planted_in, png, ramp, real_film

FILE_NAME = "Zebra^Quagga_1961.dcm"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serve") / "log.jsonl"


@pytest.fixture(scope="module")
def client(bundle: Path, log: Path) -> Iterator[httpx.Client]:
    """A client of a real server in a process of its own."""
    with serving(bundle, log) as address, httpx.Client(base_url=address, timeout=60, trust_env=False) as opened:
        yield opened


def answer(content: bytes | str) -> dict[str, Any]:
    return Reading.model_validate_json(content).model_dump(exclude={"id", "timing_ms"})


def upload(client: httpx.Client, content: bytes) -> httpx.Response:
    return client.post("/predict", files={"file": (FILE_NAME, content, "application/dicom")})


def test_ping_names_the_model(client: httpx.Client, predictor: Predictor) -> None:
    response = client.get("/ping")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "model": predictor.bundle.info.name, "version": predictor.bundle.info.version}


def test_both_ways_in_give_the_predictors_answer(client: httpx.Client, film: bytes, predictor: Predictor) -> None:
    expected = answer(predictor.read(film).to_json())
    raw = client.post("/invocations", content=film, headers={"content-type": "image/png"})
    uploaded = upload(client, film)
    for response in (raw, uploaded):
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert answer(response.content) == expected


@pytest.mark.parametrize("content", [b"", b"text", png(ramp(8))[:50], dicom(None)], ids=["empty", "text", "cut", "no pixels"])
def test_what_cannot_be_read_is_an_answer_and_no_error(content: bytes, client: httpx.Client, predictor: Predictor) -> None:
    expected = answer(predictor.read(content).to_json())
    raw = client.post("/invocations", content=content, headers={"content-type": "application/dicom"})
    for response in (raw, upload(client, content)):
        assert response.status_code == 200
        assert answer(response.content) == expected


@pytest.mark.parametrize("kind", [*IMAGE_CONTENT_TYPES, "IMAGE/PNG", "image/png; charset=binary"])
def test_every_promised_content_type_is_taken(kind: str, client: httpx.Client, film: bytes) -> None:
    assert client.post("/invocations", content=film, headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize("kind", ["text/csv", "application/json", "", "image/gif"])
def test_other_content_types_are_refused(kind: str, client: httpx.Client, film: bytes) -> None:
    response = client.post("/invocations", content=film, headers={"content-type": kind})
    assert response.status_code == 415
    assert all(allowed in response.json()["detail"] for allowed in IMAGE_CONTENT_TYPES)


def test_an_upload_without_a_file_is_refused(client: httpx.Client) -> None:
    assert client.post("/predict", data={"other": "x"}).status_code == 422


def test_unknown_paths_and_methods_are_refused(client: httpx.Client) -> None:
    assert client.get("/nowhere").status_code == 404
    assert client.get("/invocations").status_code == 405


def test_the_documentation_is_served(client: httpx.Client) -> None:
    assert client.get("/docs").status_code == 200
    schema = client.get("/openapi.json").json()
    assert set(schema["paths"]) == {"/ping", "/invocations", "/predict", "/metrics", "/execution-parameters"}
    assert set(schema["paths"]["/invocations"]["post"]["requestBody"]["content"]) == set(IMAGE_CONTENT_TYPES)
    assert set(Reading.model_json_schema()["properties"]) == set(schema["components"]["schemas"]["Reading"]["properties"])


def test_logs_are_json_and_name_nobody(client: httpx.Client, film: bytes, log: Path) -> None:
    before = log.read_text().count('"event": "reading"')
    named = dicom(ramp(12), BitsStored=12)
    assert planted_in(named)
    identifier = upload(client, named).json()["id"]
    for content in (named[:-9], dicom(None), film, real_film("RG1_UNCR.dcm")):
        upload(client, content)
        client.post(
            "/invocations", content=content, headers={"content-type": "application/dicom", "x-name": PLANTED["PatientName"]}
        )
    text = log.read_text()
    assert not planted_in(text) and FILE_NAME not in text and "127.0.0.1:" not in text.replace("http://127.0.0.1:", "")
    events = [json.loads(line) for line in text.splitlines()]
    readings = [event for event in events if event["event"] == "reading"]
    assert len(readings) == before + 9
    (record,) = (event for event in readings if event["reading"] == identifier)
    told = "reading model version status reasons scores rows columns timing_ms"
    assert set(record) == {"event", "level", "timestamp", *told.split()}


def test_a_port_in_use_is_one_line_that_says_what_to_do(bundle: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = overread("serve", "--bundle", bundle, "--port", port)
    assert done.returncode == 1 and done.stdout == ""
    message = error_line(done)
    assert port in message and "choose another --port" in message


@pytest.mark.parametrize("arguments", [("--port", "99999"), ("--host", "no such host", "--port", "0")], ids=str)
def test_an_impossible_address_is_one_line(arguments: tuple[str, ...], bundle: Path) -> None:
    done = overread("serve", "--bundle", bundle, *arguments)
    assert done.returncode == 1
    assert "cannot listen on" in error_line(done)


def test_a_broken_bundle_ends_the_server_with_one_line(own_bundle: Path) -> None:
    (own_bundle / "model.onnx").write_bytes(b"altered")
    done = overread("serve", "--bundle", own_bundle, "--port", "0")
    assert done.returncode == 1 and done.stdout == ""
    assert "was altered: 'model.onnx'" in error_line(done)


@contextmanager
def server_process(bundle: Path, log: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "model_code", "serve", "--bundle", str(bundle), "--port", "0"]
    with (
        log.open("w") as stream,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, text=True, env=environment()) as process,
    ):
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_asked_to_end_it_finishes_what_is_inside(bundle: Path, film: bytes, tmp_path: Path) -> None:
    """As SageMaker, Docker and systemd ask: films that had come are read, then the process ends in order."""
    with server_process(bundle, tmp_path / "log") as (process, address), httpx.Client(timeout=60, trust_env=False) as client:

        def invoke() -> int:
            content = real_film("RG1_J2KR.dcm")  # the slowest film to decode
            return client.post(
                f"{address}/invocations", content=content, headers={"content-type": "application/dicom"}
            ).status_code

        def inside() -> int:
            (line,) = re.findall(r"^overread_queue_length (\S+)$", client.get(f"{address}/metrics").text, re.MULTILINE)
            return int(float(line))

        with ThreadPoolExecutor(6) as threads:
            answers = [threads.submit(invoke) for _ in range(6)]
            while inside() < 6:
                assert not any(answer.done() for answer in answers)
            process.terminate()
            assert [answer.result() for answer in answers] == [200] * 6
        assert process.wait(TIMEOUT) == 0
        with pytest.raises(httpx.ConnectError):
            client.get(f"{address}/ping")
    assert (tmp_path / "log").read_text().count('"event": "reading"') == 6


# --- in this process: what a socket cannot easily show ----------------------------------------------------------------

LIMIT = 200_000
Body = bytes | AsyncIterator[bytes]


def post(predictor: Predictor, path: str, body: Body) -> httpx.Response:
    """One request to the application in this process, with a small limit."""
    app = build_app(predictor, replace(LIMITS, max_bytes=LIMIT))

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(path, content=body, headers={"content-type": "image/png"})

    return asyncio.run(ask())


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """The content without its length."""
    for start in range(0, len(content), 1000):
        yield content[start : start + 1000]


@pytest.mark.parametrize("announced", [True, False], ids=["with content-length", "without content-length"])
@pytest.mark.parametrize("path", ["/invocations", "/predict"])
def test_a_body_beyond_the_limit_is_refused(path: str, announced: bool, predictor: Predictor) -> None:
    content = bytes(LIMIT + 100_000)
    response = post(predictor, path, content if announced else pieces(content))
    assert response.status_code == 413
    assert "larger than" in response.json()["detail"]


def test_a_body_within_the_limit_is_read_in_pieces(film: bytes, predictor: Predictor) -> None:
    response = post(predictor, "/invocations", pieces(film))
    assert response.status_code == 200 and response.json()["status"] == "read"


def test_a_failure_of_our_own_tells_nothing_of_the_request(
    predictor: Predictor, film: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: bytes) -> DecodedImage:
        raise RuntimeError(PLANTED["PatientName"])

    monkeypatch.setattr(predictor, "decode", fails)
    response = post(predictor, "/invocations", film)
    assert response.status_code == 500
    captured = capsys.readouterr()
    assert not planted_in(response.text + captured.out + captured.err)
