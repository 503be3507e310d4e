"""A short load: nobody gets a wrong answer, and the benchmark sees one where there is one."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.load import File, Seen, compared, files_for, main, poison, window
from model_code.predictor import Predictor


def test_a_short_load_finds_nothing_wrong(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--bundle", str(bundle), "--seconds", "4", "--clients", "8"]) == 0
    shown = capsys.readouterr().out
    assert all(row in shown for row in ("answers a second", "p95", "wrong answers", "failures", "films a pass"))


def test_poison_is_answered_and_harms_nobody(predictor: Predictor, film: bytes) -> None:
    files = files_for(predictor, [film], poison())
    assert [file.poison for file in files] == [False, *[True] * len(poison())]
    assert '"status": "read"' in files[0].expected
    assert all('"status": "not_assessed"' in file.expected for file in files[1:])


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that gives everybody the same answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def seen_of(status: int, body: bytes) -> Seen:
    file = File(b"film", False, compared('{"id": "1", "timing_ms": 2, "status": "read"}'))
    with answering(status, body) as address:
        return window(address, [file], clients=2, seconds=0.2, share=0.0, seed=1)


def test_answers_are_compared_but_for_name_and_times() -> None:
    right = seen_of(200, b'{"id": "other", "timing_ms": 5, "status": "read"}')
    assert right.statuses[200] > 0 and right.wrong == right.failed == 0 and len(right.latencies) == right.statuses[200]


def test_a_wrong_answer_is_seen() -> None:
    wrong = seen_of(200, b'{"id": "1", "timing_ms": 2, "status": "not_assessed"}')
    assert wrong.wrong == wrong.statuses[200] > 0


@pytest.mark.parametrize(("status", "failed"), [(500, True), (502, True), (503, False), (413, False)])
def test_failures_are_5xx_other_than_being_full(status: int, failed: bool) -> None:
    seen = seen_of(status, b"{}")
    assert seen.statuses[status] > 0 and seen.throughput == 0
    assert (seen.failed > 0) is failed


def test_a_broken_connection_is_a_failure() -> None:
    with answering(200, b"{}") as address:
        pass
    seen = window(address, [File(b"film", False, "")], clients=1, seconds=0.2, share=0.0, seed=1)
    assert seen.failed == seen.statuses[599] > 0
