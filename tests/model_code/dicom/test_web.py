"""The DICOMweb client against a small server that answers what a test tells it to; test_pacs.py has a real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from model_code.dicom import web as module
from model_code.dicom.web import DicomWeb, PacsError, uid, value
from model_code.errors import UsageError

SECRET = "hunter2-quagga"


@dataclass
class Scripted:
    """What the server answers, and what it was asked."""

    address: str = ""
    status: int = 200
    kind: str = "application/dicom+json"
    body: bytes = b"[]"
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Scripted]:
    for name in (module.USER, module.PASSWORD, module.TOKEN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(script.status)
            self.send_header("Content-Type", script.kind)
            self.send_header("Content-Length", str(len(script.body)))
            self.end_headers()
            try:
                self.wfile.write(script.body)
            except ConnectionError:  # the client has heard enough
                self.close_connection = True

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.address = f"http://127.0.0.1:{listening.server_port}/dicom-web"
    yield script
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def web(server: Scripted) -> Iterator[DicomWeb]:
    with DicomWeb(server.address) as client:
        yield client


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://pacs.example.org/dicom-web", "unencrypted"),
        ("http://127.0.0.1.example.org/", "unencrypted"),
        (f"https://user:{SECRET}@pacs.example.org/", "holds credentials"),
        ("ftp://pacs.example.org", "no address of a DICOMweb service"),
        ("pacs.example.org", "no address of a DICOMweb service"),
        ("https://pacs.example.org/?x=1", "leave out what follows"),
    ],
)
def test_addresses_that_must_not_be_used_are_refused(url: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as raised:
        DicomWeb(url)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("url", ["https://pacs.example.org/dicom-web", "http://localhost:8042", "http://[::1]:8042/dicom-web/"])
def test_https_and_this_machine_are_spoken_to(url: str) -> None:
    with DicomWeb(url):
        pass


def test_a_search_asks_for_dicom_json_with_its_query(web: DicomWeb, server: Scripted) -> None:
    server.body = json.dumps([{"0020000D": {"vr": "UI", "Value": ["1.2.3"]}}]).encode()
    (found,) = web.search("studies", StudyDate="20240101-20240102", limit=5)
    method, path, headers, _ = server.asked[0]

    assert uid(found, "0020000D") == "1.2.3"
    assert (method, path) == ("GET", "/dicom-web/studies?StudyDate=20240101-20240102&limit=5")
    assert headers["Accept"] == "application/dicom+json"
    assert "Authorization" not in headers


@pytest.mark.parametrize(("status", "path", "found"), [(204, "studies", []), (404, "studies/1.2/series", [])])
def test_nothing_found_is_an_empty_list(web: DicomWeb, server: Scripted, status: int, path: str, found: list[object]) -> None:
    server.status, server.body = status, b""

    assert web.search(path) == found


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (404, b"", "is the address its DICOMweb root"),
        (401, b"", "OVERREAD_PACS_USER"),
        (403, b"", "may not"),
        (500, b"Quagga", "answered 500"),
        (302, b"", "answered 302"),
        (200, b"<html>Quagga</html>", "not DICOM JSON"),
        (200, b'{"a": 1}', "not DICOM JSON"),
        (200, b"[1]", "not DICOM JSON"),
        (200, b"\xff\xfe\x00", "not DICOM JSON"),
    ],
)
def test_a_refusal_is_one_line_without_the_services_words(
    web: DicomWeb, server: Scripted, status: int, body: bytes, says: str
) -> None:
    server.status, server.body = status, body
    with pytest.raises(PacsError, match=says) as raised:
        web.search("studies")
    assert "\n" not in str(raised.value) and "Quagga" not in str(raised.value)


def test_an_endless_answer_is_not_waited_for(web: DicomWeb, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_JSON_BYTES", 1000)
    server.body = b"[" + b" " * 10_000_000

    with pytest.raises(PacsError, match="more than 1,000 bytes"):
        web.search("studies")


@pytest.mark.parametrize("ending", [b"\r\n--b--", b"\r\n--b--\r\n", b""])
def test_a_film_is_the_one_part_of_the_answer(web: DicomWeb, server: Scripted, ending: bytes) -> None:
    film = bytes(range(256)) * 40 + b"\r\n--c\r\n"
    server.kind = 'multipart/related; type="application/dicom"; boundary="b"'
    server.body = b"\r\n--b\r\nContent-Type: application/dicom\r\nContent-Location: x\r\n\r\n" + film + ending

    assert web.retrieve("1.2", "1.3", "1.4", max_bytes=len(film)) == film
    assert web.retrieve("1.2", "1.3", "1.4", max_bytes=100) == film[:101]
    assert server.asked[0][1] == "/dicom-web/studies/1.2/series/1.3/instances/1.4"


def test_a_film_may_come_bare(web: DicomWeb, server: Scripted) -> None:
    server.kind, server.body = "application/dicom", b"DICM"

    assert web.retrieve("1", "2", "3", max_bytes=10) == b"DICM"


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("text/html", b"<html>", "not a DICOM file"),
        ("multipart/related; boundary=b", b"no boundary", "damaged message"),
        ("multipart/related; boundary=b", b"--b\r\nno end of headers", "damaged message"),
    ],
)
def test_an_answer_without_a_film_is_refused(web: DicomWeb, server: Scripted, kind: str, body: bytes, says: str) -> None:
    server.kind, server.body = kind, body

    with pytest.raises(PacsError, match=says):
        web.retrieve("1", "2", "3", max_bytes=10)


def test_storing_sends_the_file_as_it_is_into_the_study(web: DicomWeb, server: Scripted) -> None:
    server.body = b'{"00081199": {"vr": "SQ"}}'
    web.store("1.2.3", b"DICM\r\n--")
    method, path, headers, body = server.asked[0]
    boundary = headers["Content-Type"].partition("boundary=")[2].encode()

    assert (method, path) == ("POST", "/dicom-web/studies/1.2.3")
    assert body == b"--" + boundary + b"\r\nContent-Type: application/dicom\r\n\r\nDICM\r\n--\r\n--" + boundary + b"--\r\n"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (202, b"{}", "gave no reason"),
        (200, b'{"00081198": {"Value": [{"00081197": {"vr": "US", "Value": [272]}}]}}', "failure reason 0110"),
        (409, b"", "answered 409"),
        (413, b"", "answered 413"),
    ],
)
def test_what_was_not_stored_is_told(web: DicomWeb, server: Scripted, status: int, body: bytes, says: str) -> None:
    server.status, server.body = status, body

    with pytest.raises(PacsError, match=says):
        web.store("1.2.3", b"DICM")


def test_user_and_password_come_from_the_environment(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.USER, "reader")
    monkeypatch.setenv(module.PASSWORD, SECRET)
    with DicomWeb(server.address) as web:
        web.search("studies")

    assert server.asked[0][2]["Authorization"] == httpx.BasicAuth("reader", SECRET)._auth_header


def test_a_token_comes_from_the_environment(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.TOKEN, SECRET)
    with DicomWeb(server.address) as web:
        web.search("studies")

    assert server.asked[0][2]["Authorization"] == f"Bearer {SECRET}"


def test_or_else_from_the_netrc_file(server: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login reader password {SECRET}\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with DicomWeb(server.address) as web:
        web.search("studies")

    assert server.asked[0][2]["Authorization"] == httpx.BasicAuth("reader", SECRET)._auth_header


def test_a_damaged_netrc_file_is_told_without_its_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text(f"machine {SECRET} {SECRET} {SECRET}")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(UsageError, match="netrc file cannot be read") as raised:
        DicomWeb("https://pacs.example.org")
    assert SECRET not in str(raised.value)


def test_a_service_that_is_away_is_one_line(web: DicomWeb) -> None:
    with DicomWeb("http://127.0.0.1:9") as away, pytest.raises(PacsError, match=r"127\.0\.0\.1 cannot be reached"):
        away.search("studies/1.2.3/series")


@pytest.mark.parametrize("found", [{}, {"00080018": {}}, {"00080018": {"Value": ["../../x"]}}, {"00080018": {"Value": []}}])
def test_only_uids_get_into_a_path(found: dict[str, dict[str, list[str]]]) -> None:
    with pytest.raises(PacsError, match="no valid UIDs"):
        uid(found, "00080018")
    assert value({}, "00080018") == ""
