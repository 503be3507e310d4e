"""A real server on this machine that behaves as badly as servers do."""

from __future__ import annotations

import errno
import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model_code.data import download as module
from model_code.data.download import Remote, download
from model_code.errors import OverreadError, UsageError

CONTENT = bytes(range(256)) * 4096 * 3  # 3 MiB


@dataclass
class Site:
    """One file, and how it is handed out."""

    content: bytes = CONTENT
    etag: str | None = '"one"'
    ranges: bool = True
    break_after: list[int] = field(default_factory=list)
    """Bytes of the body after which the next answers break off, one after the other."""
    statuses: list[int] = field(default_factory=list)
    """What the next answers say instead."""
    asked: list[str | None] = field(default_factory=list)
    """The ranges that were asked for."""
    longer: int = 0
    """Bytes that it says the file has beyond those it has."""
    kind: str = "application/octet-stream"
    lie: str | None = None
    """A Content-Range of its own."""
    sends_on: str | None = None
    framing: str = "length"
    """How the end of the body is told: by its ``length``, in ``chunks``, or not at all, by a ``close``."""
    if_range: bool = True
    """Whether it knows If-Range."""
    url: str = ""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0, 0.0))
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.headers.get("Range"))
            if made.statuses or made.sends_on:
                self.send_response(made.statuses.pop(0) if made.statuses else 302)
                if made.sends_on:
                    self.send_header("Location", made.sends_on)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body, start = made.content, 0
            whole = len(body) + made.longer
            found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if found and made.ranges and (self.headers.get("If-Range") == made.etag or not made.if_range):
                start = int(found[1])
                if start >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", made.lie or f"bytes {start}-{whole - 1}/{whole}")
            else:
                self.send_response(200)
            if made.etag:
                self.send_header("ETag", made.etag)
            breaks = bool(made.break_after)
            sent = body[start:][: made.break_after.pop(0) if breaks else len(body)]
            framing = {"length": ("Content-Length", str(whole - start)), "chunks": ("Transfer-Encoding", "chunked")}
            self.send_header(*framing.get(made.framing, ("Connection", "close")))
            self.send_header("Content-Type", made.kind)
            self.end_headers()
            if made.framing == "chunks":
                sent = b"%x\r\n%b\r\n" % (len(sent), sent) + (b"" if breaks else b"0\r\n\r\n")
            with suppress(OSError):  # the other end would have none of it
                self.wfile.write(sent)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/a.bin"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole(site: Site, tmp_path: Path) -> None:
    remote = Remote(site.url, "a.bin", md5=hashlib.md5(CONTENT).hexdigest(), sha256=hashlib.sha256(CONTENT).hexdigest().upper())
    assert download(remote, tmp_path).read_bytes() == CONTENT
    assert names(tmp_path) == ["a.bin"] and site.asked == [None]


def test_after_breaks_only_the_rest_is_asked_for(site: Site, tmp_path: Path) -> None:
    site.break_after = [100, 2_000_000, 0]
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT
    assert site.asked == [None, "bytes=100-", "bytes=2000100-", "bytes=2000100-"]


def test_a_later_run_goes_on_too(site: Site, tmp_path: Path) -> None:
    site.break_after = [700] + [0] * 3
    with pytest.raises(OverreadError, match=r"cannot be fetched .* what is there is kept"):
        download(Remote(site.url, "a.bin"), tmp_path)
    assert names(tmp_path) == [".a.bin.part", ".a.bin.part.json"]
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT
    assert site.asked[-1] == "bytes=700-"


def test_a_server_that_knows_no_ranges_sends_all_again(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    site.break_after = [1_000_000]
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT


def test_a_file_that_changed_in_between_is_fetched_anew(site: Site, tmp_path: Path) -> None:
    site.break_after = [1_000_000, 0, 0, 0]
    with pytest.raises(OverreadError):
        download(Remote(site.url, "a.bin"), tmp_path)
    site.content, site.etag, site.break_after = CONTENT[::-1], '"two"', []
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT[::-1]


def test_the_rest_of_a_file_that_changed_is_not_put_to_the_old_part(site: Site, tmp_path: Path) -> None:
    """From a server that knows Range but not If-Range."""
    site.if_range = False
    site.break_after = [1_000_000, 0, 0, 0]
    with pytest.raises(OverreadError):
        download(Remote(site.url, "a.bin"), tmp_path)
    site.content, site.etag, site.break_after = CONTENT[::-1], '"two"', []
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT[::-1]
    assert site.asked[-2:] == ["bytes=1000000-", None]


@pytest.mark.parametrize("etag", ['"one"', None])
def test_chunks_that_break_off_are_not_taken_for_the_whole(etag: str | None, site: Site, tmp_path: Path) -> None:
    site.framing, site.etag = "chunks", etag
    site.break_after = [1_000_000]
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT
    assert site.asked == [None, "bytes=1000000-" if etag else None]


def test_a_file_whose_end_nothing_tells_needs_a_published_sum(site: Site, tmp_path: Path) -> None:
    site.framing = "close"
    with pytest.raises(OverreadError, match=r"127\.0\.0\.1 does not tell its length, .* save http://.* as '.*a\.bin' by hand"):
        download(Remote(site.url, "a.bin"), tmp_path)
    assert names(tmp_path) == []
    remote = Remote(site.url, "a.bin", sha256=hashlib.sha256(CONTENT).hexdigest())
    site.break_after = [1_000_000]
    with pytest.raises(OverreadError, match="it was removed"):
        download(remote, tmp_path)
    assert download(remote, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_where_nothing_tells_that_the_file_is_the_same_it_is_fetched_anew(etag: str | None, site: Site, tmp_path: Path) -> None:
    site.etag = etag
    site.break_after = [1_000_000]
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT
    assert site.asked == [None, None]


def test_a_part_that_is_longer_than_the_file_is_thrown_away(site: Site, tmp_path: Path) -> None:
    (tmp_path / ".a.bin.part").write_bytes(b"x" * (len(CONTENT) + 5))
    (tmp_path / ".a.bin.part.json").write_text('{"validator": "\\"one\\""}')
    site.statuses = [416]
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT


def test_another_range_than_was_asked_for_is_not_written(site: Site, tmp_path: Path) -> None:
    site.break_after = [1_000_000]
    site.lie = "bytes 5-9/10"
    with pytest.raises(OverreadError, match="HTTPException"):
        download(Remote(site.url, "a.bin"), tmp_path)
    assert (tmp_path / ".a.bin.part").stat().st_size == 1_000_000


def test_a_wrong_sum_is_told_and_removed(site: Site, tmp_path: Path) -> None:
    with pytest.raises(OverreadError, match=r"has the MD5 .* but its publisher states 0000; it was removed"):
        download(Remote(site.url, "a.bin", md5="0000"), tmp_path)
    assert names(tmp_path) == []


def test_a_busy_server_is_asked_again_and_a_refusing_one_is_not(site: Site, tmp_path: Path) -> None:
    site.statuses = [503, 429]
    assert download(Remote(site.url, "a.bin"), tmp_path).read_bytes() == CONTENT
    site.asked.clear()
    site.statuses = [403]
    with pytest.raises(OverreadError, match=r"127\.0\.0\.1 answers 403; the address may have changed, or may need a login"):
        download(Remote(site.url, "b.bin"), tmp_path)
    assert len(site.asked) == 1


def test_a_full_disk_is_told_before_anything_is_written(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPARE", 10**18)
    with pytest.raises(OverreadError, match=r"needs 0\.0 GB more, but only"):
        download(Remote(site.url, "a.bin"), tmp_path)
    assert not (tmp_path / ".a.bin.part").exists()


def test_a_server_that_is_not_there_is_one_line(site: Site, tmp_path: Path) -> None:
    with pytest.raises(OverreadError, match=r"a\.bin cannot be fetched \(URLError\)"):
        download(Remote("http://127.0.0.1:9/a.bin", "a.bin"), tmp_path)


@pytest.mark.parametrize("url", ["http://example.com/a", "ftp://example.com/a", "file:///etc/passwd"])
def test_only_https_is_fetched(url: str) -> None:
    with pytest.raises(UsageError, match="is not https"):
        Remote(url, "a")


def test_what_is_sent_on_within_a_machine_is_followed(site: Site, tmp_path: Path) -> None:
    site.sends_on = site.url + "?again"
    with pytest.raises(OverreadError, match="answers 302"):  # for ever
        download(Remote(site.url, "a.bin"), tmp_path)


def test_a_redirect_that_leaves_https_is_refused() -> None:
    import urllib.request
    from email.message import Message
    from io import BytesIO

    request = urllib.request.Request("https://example.com/a")
    with pytest.raises(OverreadError, match=r"'example\.com' sends on to an address that is not https"):
        module._Secure().redirect_request(request, BytesIO(), 302, "", Message(), "http://example.org/a")


def test_a_server_that_announces_more_than_it_has_is_given_up(site: Site, tmp_path: Path) -> None:
    """It says 416 to what it does not have, and the same bytes come again and again."""
    site.longer = 1000
    with pytest.raises(OverreadError, match=r"a\.bin cannot be fetched"):
        download(Remote(site.url, "a.bin"), tmp_path)
    assert len(site.asked) < 8


def test_a_web_page_is_no_file(site: Site, tmp_path: Path) -> None:
    site.kind = "text/html; charset=utf-8"
    with pytest.raises(OverreadError, match=r"127\.0\.0\.1 sends a web page in place of the file; .* may need a login"):
        download(Remote(site.url, "table.csv"), tmp_path)
    assert names(tmp_path) == []


def test_a_whole_file_is_only_checked(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    assert download(Remote(site.url, "a.bin", sha256=hashlib.sha256(CONTENT).hexdigest()), tmp_path).read_bytes() == CONTENT
    assert site.asked == []
    with pytest.raises(OverreadError, match="it was removed"):
        download(Remote(site.url, "a.bin", md5="0000"), tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EROFS])
def test_what_cannot_be_written_is_told_at_once(number: int, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Iterator[bytes]:
        raise OSError(number, "no room")

    monkeypatch.setattr(module, "track", full)
    with pytest.raises(OverreadError, match=r"a\.bin cannot be written to .* \(no room\); make room"):
        download(Remote(site.url, "a.bin"), tmp_path)
    assert len(site.asked) == 1
