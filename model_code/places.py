"""Where films are read from and answers are written to: a folder, or a prefix in a bucket (``s3://…``, with the extra ``s3``).

A write is whole or not there. Names in a bucket can hold a patient's, so that no error quotes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from model_code.errors import OverreadError, UsageError
from model_code.files import atomic_file, locked

S3: Final = "s3://"
GIVE: Final = "give a DICOM, PNG or JPEG file, a folder of them, or s3://BUCKET/PREFIX"

LEFT_OVER: Final = re.compile(r"\.(\w+\.(json|png)|summary\.csv)\.\w+")
"""What ``atomic_file`` writes to, where the process was killed before it could remove it."""


class Unreachable(OverreadError):
    """One file that cannot be opened; the others may be read."""


class Place(Protocol):
    """A tree of files, by names relative to its root."""

    def names(self) -> list[str]:
        """All files but hidden ones, in a stable order."""

    def read(self, name: str, limit: int) -> bytes:
        """At most ``limit`` bytes of a file; raises Unreachable."""

    def find(self, name: str) -> bytes | None:
        """A file that may not be there."""

    def write(self, name: str, content: bytes) -> None:
        """Raises OverreadError."""

    def remove(self, name: str) -> None:
        """Also where it is not there."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else writes here meanwhile, and what a killed run left half done is gone; raises OverreadError."""


def place_of(text: str) -> Place:
    """The folder or bucket of this name; raises UsageError where boto3 is not installed or no bucket is named."""
    return Bucket(text) if text.startswith(S3) else Folder(Path(text))


class Folder:
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> list[str]:
        inside = (path for path in self.root.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(path.relative_to(self.root).as_posix() for path in inside)

    def read(self, name: str, limit: int) -> bytes:
        try:
            with (self.root / name).open("rb") as stream:
                return stream.read(limit)
        except OSError as error:
            raise Unreachable(error.strerror or type(error).__name__) from None

    def find(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        try:
            with atomic_file(self.root / name) as temporary:
                temporary.write_bytes(content)
        except OSError as error:  # a full disk
            raise OverreadError(
                f"cannot write to '{self.root}' ({error.strerror}); make room, then run the same again"
            ) from error

    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        with locked(self.root, taken=f"another run is writing to '{self.root}'; wait for it, or choose another --out"):
            for path in self.root.rglob(".*"):
                if LEFT_OVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)
            yield


class Bucket:
    """A prefix in S3, with the credentials that boto3 finds."""

    def __init__(self, address: str) -> None:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ModuleNotFoundError:
            raise UsageError(f"'{S3}…' needs boto3; run: pip install 'overread[s3]'") from None
        parts = urlsplit(address)
        self.bucket, self.prefix = parts.netloc, parts.path.strip("/")
        if not self.bucket:
            raise UsageError(f"'{address}' names no bucket; {GIVE}")
        self._errors = (BotoCoreError, ClientError)
        self._client: Any = self._tried("be used", boto3.client, "s3")

    def names(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._key(""))
        keys = self._tried("be listed", lambda: [found["Key"] for page in pages for found in page.get("Contents", ())])
        names = (key.removeprefix(self._key("")) for key in keys if not key.endswith("/"))
        return sorted(name for name in names if not name.rpartition("/")[2].startswith("."))

    def read(self, name: str, limit: int) -> bytes:
        try:
            content: bytes = self._client.get_object(Bucket=self.bucket, Key=self._key(name))["Body"].read(limit)
        except (*self._errors, OSError) as error:
            raise Unreachable(_code_of(error)) from None
        return content

    def find(self, name: str) -> bytes | None:
        try:
            content: bytes = self._client.get_object(Bucket=self.bucket, Key=self._key(name))["Body"].read()
        except self._errors as error:
            if _code_of(error) == "NoSuchKey":
                return None
            raise self._failure("be read", error) from None
        return content

    def write(self, name: str, content: bytes) -> None:
        self._tried("be written to", self._client.put_object, Bucket=self.bucket, Key=self._key(name), Body=content)

    def remove(self, name: str) -> None:
        self._tried("be written to", self._client.delete_object, Bucket=self.bucket, Key=self._key(name))

    @contextmanager
    def alone(self) -> Iterator[None]:
        yield  # an object is there as a whole or not at all, and two runs write the same

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _tried(self, what: str, work: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return work(*arguments, **named)
        except self._errors as error:
            raise self._failure(what, error) from None

    def _failure(self, what: str, error: Exception) -> OverreadError:
        return OverreadError(
            f"the bucket '{self.bucket}' cannot {what} ({_code_of(error)}); check its name, your credentials and its policy"
        )


def _code_of(error: Exception) -> str:
    """The service's code (``AccessDenied``) or the error's type; its text can quote the name."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)
