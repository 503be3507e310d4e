"""One file over HTTP: into a ``.part`` beside its place, continued after breaks, checked, then renamed.

Going on uses Range with If-Range (RFC 9110, 13.1.5 and 14.2): a server whose file has changed, or that knows no ranges, sends the
whole file, and the part is begun again. Without an ETag or a date nothing tells whether the file is the same: begun again too.

A file counts as whole when it has the length that the server tells, or when its last chunk came. Where neither can be known
only a published sum would show that it was cut short; without one it is refused.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

from model_code.errors import OverreadError, UsageError
from model_code.files import is_unwritable
from model_code.progress import console, track

CHUNK: Final = 2**20
TIMEOUT: Final = 60.0
"""Seconds without a byte."""
PAUSES: Final = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds between tries; after as many tries without a new byte it is given up."""
SPARE: Final = 256 * 2**20
"""Bytes that stay free on the disk."""
LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which asking again may help (RFC 9110, 15)."""
MOVED: Final = "the address may have changed, or may need a login: see the data set's page in docs/training.md"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Remote:
    """A file to download, its name here, and what its publisher says of it."""

    url: str
    name: str
    md5: str | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise UsageError(f"'{self.url}' is not https; what is fetched must not be changed on its way")


class _Secure(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but none that leaves https."""

    def redirect_request(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise OverreadError(f"'{req.host}' sends on to an address that is not https; nothing was fetched")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(remote: Remote, folder: Path) -> Path:
    """Fetches a file into a folder, whole and with the right sum; one of its name that is there already is only checked.

    Raises:
        OverreadError: it is not there, cannot be reached after several tries, does not fit on the disk, has another sum, or
            nothing would tell whether it is whole.
    """
    if (folder / remote.name).is_file():  # it got its name when it was whole
        _check(remote, folder / remote.name)
        return folder / remote.name
    part = folder / f".{remote.name}.part"
    failures, most = 0, _kept(part)[0]
    while True:
        try:
            if _fetch_rest(remote, part):
                break
            problem = "the connection broke off"
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            problem = _problem(error, remote, folder)
        now = part.stat().st_size if part.is_file() else 0
        failures, most = 0 if now > most else failures + 1, max(now, most)  # one that begins again and again gets no further
        if failures >= len(PAUSES):
            raise OverreadError(f"{remote.name} cannot be fetched ({problem}); what is there is kept: run the same command again")
        console.print(f"{remote.name}: {problem}; trying again", soft_wrap=True)
        time.sleep(PAUSES[failures])
    _check(remote, part)
    part.replace(folder / remote.name)
    _state(part).unlink(missing_ok=True)
    return folder / remote.name


def _fetch_rest(remote: Remote, part: Path) -> bool:
    """Asks for what is missing and writes it; True when the file is whole."""
    have, validator = _kept(part)
    headers = {"User-Agent": "overread", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    request = urllib.request.Request(remote.url, headers=headers)  # noqa: S310  https, as Remote sees to
    with urllib.request.build_opener(_Secure).open(request, timeout=TIMEOUT) as answer:
        if answer.headers.get_content_type() == "text/html":
            raise OverreadError(f"{remote.name}: {_host(remote)} sends a web page in place of the file; {MOVED}")
        start, total = _range_of(answer, have)
        if total is None and not answer.chunked and not (remote.md5 or remote.sha256):
            raise OverreadError(
                f"{remote.name}: {_host(remote)} does not tell its length, so that a file cut short would pass for whole; save "
                f"{remote.url} as '{part.parent / remote.name}' by hand, then run the same command again"
            )
        if start > 0 and answer.headers.get("ETag" if validator.startswith('"') else "Last-Modified", validator) != validator:
            part.unlink()
            raise http.client.HTTPException("the server sent the rest of another file")
        if start == 0:
            part.unlink(missing_ok=True)
            etag = answer.headers.get("ETag", "")
            known = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified", "")
            _state(part).write_text(json.dumps({"validator": known}), encoding="utf-8")
        _check_space(part.parent, (total or 0) - start, remote)
        with part.open("ab") as stream:
            for chunk in track(_chunks(answer), f"{remote.name}, MB", total=-(-((total or start) - start) // CHUNK) or 1):
                stream.write(chunk)
    return total is None or part.stat().st_size == total


def _kept(part: Path) -> tuple[int, str]:
    """How many bytes are there already, and what tells that the file is still the same; none where nothing does."""
    try:
        validator = str(json.loads(_state(part).read_text(encoding="utf-8"))["validator"])
        have = part.stat().st_size
    except (OSError, ValueError, KeyError):
        return 0, ""
    return (have, validator) if validator else (0, "")


def _range_of(answer: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """Where the body begins and how long the whole file is."""
    if answer.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        if found and int(found[1]) == have:
            return have, int(found[2])
        raise http.client.HTTPException("the server sent another range than was asked for")
    length = answer.headers.get("Content-Length")
    return 0, int(length) if length and length.isdigit() else None


def _chunks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := answer.read(CHUNK):
            yield chunk
    except http.client.IncompleteRead as error:
        yield error.partial
        raise  # the rest is asked for in the next try


def _problem(error: Exception, remote: Remote, folder: Path) -> str:
    """What went wrong, where asking again may help; raises OverreadError where it cannot."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        if error.code == 416:  # beyond the end: the file has changed
            (folder / f".{remote.name}.part").unlink(missing_ok=True)
        elif error.code not in LATER:
            raise OverreadError(f"{remote.name} cannot be fetched: {_host(remote)} answers {error.code}; {MOVED}") from None
        return f"the server answers {error.code}"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection broke off"
    if is_unwritable(error):
        raise OverreadError(
            f"{remote.name} cannot be written to '{folder}' ({error.strerror}); make room, then run the same command again"
        ) from None
    return type(error).__name__


def _check_space(folder: Path, needed: int, remote: Remote) -> None:
    free = shutil.disk_usage(folder).free
    if needed + SPARE > free:
        raise OverreadError(
            f"{remote.name} needs {needed / 1e9:.1f} GB more, but only {free / 1e9:.1f} GB are free in '{folder}'; "
            "make room, or choose another --out"
        )


def _check(remote: Remote, part: Path) -> None:
    for kind, expected in (("md5", remote.md5), ("sha256", remote.sha256)):
        if expected is None:
            continue
        with part.open("rb") as stream:
            found = hashlib.file_digest(stream, kind).hexdigest()
        if found != expected.lower():
            part.unlink()
            _state(part).unlink(missing_ok=True)
            raise OverreadError(
                f"{remote.name} has the {kind.upper()} {found}, but its publisher states {expected}; it was removed: "
                "run the same command again, and if that fails tell the publisher"
            )


def _host(remote: Remote) -> str | None:
    return urlsplit(remote.url).hostname


def _state(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
