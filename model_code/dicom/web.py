"""DICOMweb, the three services of PS3.18 that reading needs: search (QIDO-RS), retrieve (WADO-RS), store (STOW-RS).

Over httpx rather than a DICOMweb library: what comes back is bounded while it arrives, every call has a timeout, and where the
answer is larger than a film may be the rest of it is never fetched.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from netrc import NetrcParseError
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pydicom.uid import RE_VALID_UID

from model_code.errors import OverreadError, UsageError

try:
    import httpx
except ImportError:  # pragma: no cover
    raise UsageError("a PACS is asked by httpx; run: pip install 'overread[pacs]'") from None

TIMEOUT: Final = httpx.Timeout(60, connect=10)
"""Seconds without a byte."""
MAX_JSON_BYTES: Final = 32 * 2**20
MAX_HEADER_BYTES: Final = 64 * 2**10
"""What may stand in a multipart answer before and after its one part."""
USER, PASSWORD, TOKEN = "OVERREAD_PACS_USER", "OVERREAD_PACS_PASSWORD", "OVERREAD_PACS_TOKEN"

Attributes = dict[str, Any]
"""A data set as DICOM JSON (PS3.18 F.2): tags in eight hexadecimal digits to their values."""


class PacsError(OverreadError):
    """The PACS did not do what was asked. The text names no patient, and no UID but our own."""


class DicomWeb:
    """A client of one DICOMweb service. Use as a context; it holds the connection."""

    def __init__(self, url: str) -> None:
        """``url`` is the service's root, such as ``https://pacs.example.org/dicom-web``.

        Credentials come from the environment (``OVERREAD_PACS_TOKEN``, or ``…_USER`` and ``…_PASSWORD``) or from a netrc file.

        Raises:
            UsageError: the address is not https, or holds credentials; only to this machine http is spoken.
        """
        loopback = _check(url)
        headers = {"User-Agent": "overread"}
        auth = _auth()
        if token := os.environ.get(TOKEN):
            auth, headers["Authorization"] = None, f"Bearer {token}"
        # redirects are not followed: films and credentials go to the address that was given
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/", headers=headers, auth=auth, timeout=TIMEOUT, trust_env=not loopback
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def search(self, path: str, **query: str | int) -> list[Attributes]:
        """What matches, for ``path`` such as ``studies`` or ``studies/<uid>/series``; an empty list where nothing does.

        Raises:
            PacsError: the service cannot be reached, refuses, or answers no DICOM JSON.
        """
        with self._asking("GET", path, params=query, headers={"Accept": "application/dicom+json"}) as response:
            if response.status_code == 204 or (response.status_code == 404 and "/" in path):  # 404: no such study or series
                return []
            _expect(response, "search")
            body = _bounded(response, MAX_JSON_BYTES)
        if len(body) > MAX_JSON_BYTES:
            raise PacsError(f"the PACS answered a search with more than {MAX_JSON_BYTES:,} bytes; ask for fewer days")
        try:
            found = json.loads(body or b"[]")
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise PacsError("the PACS answered a search with something that is not DICOM JSON; is the address its DICOMweb root?")
        return found

    def retrieve(self, study: str, series: str, instance: str, *, max_bytes: int) -> bytes:
        """One instance's file in the transfer syntax that it is stored in, or its first ``max_bytes + 1`` bytes.

        Raises:
            PacsError: it is not there, or the answer is not one DICOM file.
        """
        wanted = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
        with self._asking("GET", f"studies/{study}/series/{series}/instances/{instance}", headers=wanted) as response:
            _expect(response, "retrieve")
            body = _bounded(response, max_bytes + MAX_HEADER_BYTES)
            kind = response.headers.get("Content-Type", "")
        return _only_part(body, kind)[: max_bytes + 1]

    def store(self, study: str, instance: bytes) -> None:
        """Stores one file into that study.

        Raises:
            PacsError: it was not stored.
        """
        boundary = uuid.uuid4().hex
        body = b"--%b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n--%b--\r\n" % (
            boundary.encode(),
            instance,
            boundary.encode(),
        )
        headers = {
            "Accept": "application/dicom+json",
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
        }
        with self._asking("POST", f"studies/{study}", content=body, headers=headers) as response:
            _expect(response, "store", also=(202,))
            answer = _bounded(response, MAX_JSON_BYTES)
        try:
            failed = json.loads(answer or b"{}").get("00081198", {}).get("Value")  # Failed SOP Sequence
        except (ValueError, AttributeError):
            failed = None
        if failed or response.status_code == 202:
            raise PacsError(f"the PACS did not store a result ({_why(failed)}); look at its log")

    @contextmanager
    def _asking(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        try:
            with self._client.stream(method, path, **options) as response:
                yield response
        except httpx.TimeoutException:
            raise PacsError("the PACS did not answer in time; try again later, or ask for fewer days") from None
        except httpx.HTTPError as error:  # their texts can quote the address, and with it UIDs
            raise PacsError(f"the PACS at {self._client.base_url.host} cannot be reached ({type(error).__name__})") from None


def _check(url: str) -> bool:
    """Whether the address is this machine's; raises UsageError for one that must not be used."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.username or parts.password:
        raise UsageError(f"the address holds credentials; set {USER} and {PASSWORD}, or {TOKEN}, or write a netrc file instead")
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"'{url}' is no address of a DICOMweb service; give one like https://pacs.example.org/dicom-web")
    if parts.query or parts.fragment:
        raise UsageError("the address of a DICOMweb service ends with its path; leave out what follows '?' or '#'")
    loopback = host == "localhost" or _is_loopback(host)
    if parts.scheme == "http" and not loopback:
        raise UsageError(f"films would go to '{host}' unencrypted; give an https address (http is for this machine only)")
    return loopback


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _auth() -> httpx.Auth | None:
    """From the environment, or else from the netrc file (``NETRC`` or ``~/.netrc``) where there is one."""
    if user := os.environ.get(USER):
        return httpx.BasicAuth(user, os.environ.get(PASSWORD, ""))
    path = os.path.expanduser(os.environ.get("NETRC", "~/.netrc"))  # noqa: PTH111
    if not os.path.isfile(path):  # noqa: PTH113
        return None
    try:
        return httpx.NetRCAuth(path)
    except (OSError, NetrcParseError):
        raise UsageError("the netrc file cannot be read; mend it, or set NETRC to another file") from None


def _expect(response: httpx.Response, what: str, *, also: tuple[int, ...] = ()) -> None:
    if response.status_code in (200, *also):
        return
    advice = {401: f"set {USER} and {PASSWORD}, or {TOKEN}", 403: "this user may not", 404: "is the address its DICOMweb root?"}
    said = advice.get(response.status_code, "look at its log")
    raise PacsError(f"the PACS answered {response.status_code} to a {what} request; {said}")


def _bounded(response: httpx.Response, limit: int) -> bytes:
    """The body, up to some bytes over the limit."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > limit:
            break
    return bytes(body)


def _only_part(body: bytes, kind: str) -> bytes:
    """The one part of a multipart answer (RFC 2046 section 5.1); what was cut off at its end does not matter."""
    boundary = re.search(r'boundary="?([^";,\s]+)', kind)
    if boundary is None:
        if kind.partition(";")[0].strip() == "application/dicom":
            return body
        raise PacsError("the PACS answered a retrieve request with something that is not a DICOM file")
    line = b"--" + boundary[1].encode()
    start, first, rest = body.partition(line)
    _, header_end, content = rest.partition(b"\r\n\r\n")
    if not first or not header_end or len(start) > MAX_HEADER_BYTES:
        raise PacsError("the PACS answered a retrieve request with a damaged message; try again")
    return content.rpartition(b"\r\n" + line)[0] or content


def _why(failed: Any) -> str:
    """The failure reason, a number of PS3.18 table I.2-2."""
    try:
        return f"failure reason {int(failed[0]['00081197']['Value'][0]):04X}"
    except (TypeError, KeyError, IndexError, ValueError):
        return "it gave no reason"


def value(attributes: Attributes, tag: str) -> str:
    """The first value of an element as text, empty where there is none."""
    values = attributes.get(tag, {}).get("Value") or [""]
    return str(values[0])


def uid(attributes: Attributes, tag: str) -> str:
    """A UID out of an answer, fit to stand in a path.

    Raises:
        PacsError: it is not one.
    """
    found = value(attributes, tag)
    if len(found) > 64 or not re.fullmatch(RE_VALID_UID, found):
        raise PacsError("the PACS answered a search with a result that has no valid UIDs")
    return found
