"""The script against a server on the loopback interface, which stands in for SSM and for the API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from operations import smoke

READING = {
    "schema": "overread.reading/1",
    "id": "0",
    "task": "chest14",
    "model": {"name": "chest14", "version": "3", "sha256": "0" * 64},
    "status": "read",
    "reasons": [],
    "findings": [],
}
PNG = b"\x89PNG\r\n\x1a\n phantom"
ARGUMENTS = ["--stage", "overread-dev", "--film"]


@dataclass
class Cloud:
    """Answers in order, the last one again and again; and what was asked."""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if "AmazonSSM.GetParameter" in headers.get("X-Amz-Target", ""):
            name = json.loads(body)["Name"]
            if name not in self.parameters:
                return 400, {"__type": "ParameterNotFound", "message": f"{name} not found"}
            return 200, {"Parameter": {"Name": name, "Value": self.parameters[name]}}
        self.asked.append((path, headers, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    state = Cloud()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = state.answer(self.path, dict(self.headers), body)
            payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def do_GET(self) -> None:
            assert self.path == "/apikeys/k1?includeValue=true"
            payload = b'{"id": "k1", "value": "counted"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    state.parameters |= {"/overread-dev/api-url": f"{state.url}/live/", "/overread-dev/machine-key-id": "k1"}
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_SSM": state.url,
        "AWS_ENDPOINT_URL_API_GATEWAY": state.url,
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(smoke, "WAIT_SECONDS", 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def film(tmp_path: Path) -> str:
    (tmp_path / "phantom.png").write_bytes(PNG)
    return str(tmp_path / "phantom.png")


def test_a_reading_is_a_success(cloud: Cloud, film: str, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.answers = [(200, READING)]

    assert smoke.main([*ARGUMENTS, film]) == 0
    assert capsys.readouterr().out == "smoke: read by chest14 3\n"


def test_the_film_is_sent_signed_to_the_url_that_the_stack_left(cloud: Cloud, film: str) -> None:
    cloud.answers = [(200, READING)]
    smoke.main([*ARGUMENTS, film])

    ((path, headers, body),) = cloud.asked
    assert (path, body, headers["Content-Type"]) == ("/live/machines/predict", PNG, "image/png")
    assert headers["x-api-key"] == "counted"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/execute-api/aws4_request" in headers["Authorization"]


def test_no_model_yet_is_a_success(cloud: Cloud, film: str, capsys: pytest.CaptureFixture[str]) -> None:
    """So that the first deployment of an environment passes."""
    cloud.answers = [(503, {"error": "no model is approved yet", "code": "no_model"})]

    assert smoke.main([*ARGUMENTS, film]) == 0
    assert "no model yet" in capsys.readouterr().out
    assert len(cloud.asked) == 1


def test_an_abstention_is_a_reading(cloud: Cloud, film: str, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.answers = [(200, {**READING, "status": "not_assessed", "reasons": [{"code": "not_a_chest_film", "detail": ""}]})]

    assert smoke.main([*ARGUMENTS, film]) == 0
    assert "not assessed by chest14 3: not_a_chest_film" in capsys.readouterr().out


def test_an_api_that_is_still_starting_is_asked_again(cloud: Cloud, film: str) -> None:
    cloud.answers = [(504, {"message": "Endpoint request timed out"}), (429, {"message": "slow down"}), (200, READING)]

    assert smoke.main([*ARGUMENTS, film]) == 0
    assert len(cloud.asked) == 3


def test_an_api_that_never_starts_is_given_up(cloud: Cloud, film: str, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.answers = [(503, {"error": "the model is busy", "code": "busy"})]

    assert smoke.main([*ARGUMENTS, film]) == 1
    assert len(cloud.asked) == smoke.ATTEMPTS
    assert capsys.readouterr().err.startswith("smoke: error: the API answered 503")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((403, {"message": "Forbidden"}), "the API answered 403"),
        ((404, b"nothing\nhere"), "the API answered 404: nothing here"),
        ((200, {"schema": "overread.reading/2"}), "not with a Reading"),
        ((200, b"<html>"), "not with a Reading"),
        ((200, ["a", "list"]), "not with a Reading"),
        ((200, {**READING, "status": "maybe"}), "not with a Reading"),
        ((200, {**READING, "status": "not_assessed", "reasons": [{"code": "unreadable"}]}), "could not read a PNG"),
        ((200, {"error": "none", "code": "no_model"}), "not with a Reading"),
    ],
)
def test_any_other_answer_is_a_failure_in_one_line(
    cloud: Cloud, film: str, capsys: pytest.CaptureFixture[str], answer: tuple[int, Any], message: str
) -> None:
    cloud.answers = [answer]

    assert smoke.main([*ARGUMENTS, film]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert len(cloud.asked) == 1


def test_a_parameter_that_nobody_made_is_named(cloud: Cloud, film: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main(["--stage", "overread-qa", "--film", film]) == 1
    assert "ParameterNotFound" in (error := capsys.readouterr().err)
    assert "/overread-qa/api-url" in error
    assert cloud.asked == []


def test_an_api_that_is_not_there(cloud: Cloud, film: str, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.parameters["/overread-dev/api-url"] = "http://127.0.0.1:1"

    assert smoke.main([*ARGUMENTS, film]) == 1
    assert capsys.readouterr().err.startswith("smoke: error: Could not connect to the endpoint URL")


def test_without_a_film_nothing_is_asked(cloud: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main([*ARGUMENTS, str(tmp_path / "none.png")]) == 1
    assert "none.png" in capsys.readouterr().err
    assert cloud.asked == []


def test_wrong_use_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        smoke.main([])

    assert stopped.value.code == 2
    assert "--stage" in capsys.readouterr().err
