"""``overread upload``: a prepared data set as the channels ``train/ val/ test/`` below a prefix in S3.

Each channel is a data set of its own: a manifest, its films, its shards. Films are called by their content, so one of the same
name and size is the same film; of everything else the sum is kept as the object's metadata and compared. Large files go in
parts; parts that an interrupted upload has left are compared by their SHA-256 and not sent again.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

import pandas as pd

from model_code.data.manifest import FILE_NAME
from model_code.data.phantoms.places import FILE_NAME as PLACES
from model_code.data.shards import SHARDS
from model_code.data.split import FRACTIONS
from model_code.errors import ManifestError, OverreadError, UsageError
from model_code.files import sha256_of
from model_code.progress import track

PART: Final = 16 * 2**20
"""Bytes of a part; S3 takes 10,000 parts of at least 5 MiB."""
AT_ONCE: Final = 16
SUM: Final = "overread-sha256"


@dataclass(frozen=True)
class Item:
    """A file to be there: ``content`` is its bytes or where they are."""

    name: str
    content: Path | bytes
    named_by_content: bool = False

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest() if isinstance(self.content, bytes) else sha256_of(self.content)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")


def upload(data: Path, to: str, *, kms_key: str | None = None) -> dict[str, int]:
    """Sends what is not there yet; returns how many files were ``sent`` and how many were ``there``.

    A channel's manifest is sent when all its files are there: who finds it finds the rest.

    Raises:
        ManifestError: ``data`` holds no prepared data set, or not all of one.
        UsageError: no bucket is named, another data set is there, or boto3 is not installed.
        OverreadError: the bucket cannot be listed or written.
    """
    if not (data / FILE_NAME).is_file():
        raise ManifestError(f"no {FILE_NAME} in '{data}'; make a data set with 'overread prepare'")
    bucket = _Bucket(to, kms_key)
    files, manifests = channels(data)
    there = bucket.sizes()
    _refuse_other_shards(there, files, to)
    sent = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for batch in (files, manifests):
            sent += sum(track(pool.map(lambda item: bucket.bring(item, there), batch), "upload", total=len(batch)))
    return {"sent": sent, "there": len(files) + len(manifests) - sent}


def channels(data: Path) -> tuple[list[Item], list[Item]]:
    """The files and the manifests of all channels; a split without films has none."""
    frame = _table(data / FILE_NAME)
    places = _table(data / PLACES) if (data / PLACES).is_file() else None
    missing = sum(not (data / image).is_file() for image in frame["image"])
    if missing:
        raise ManifestError(f"{missing} of the {len(frame)} films of '{data}' are not there; run 'overread prepare' again")
    files, manifests = [], []
    for split in FRACTIONS:
        own = frame[frame["split"] == split]
        if own.empty:
            continue
        files += [Item(f"{split}/{image}", data / image, named_by_content=True) for image in own["image"]]
        shards = sorted(path for suffix in ("npy", "txt") for path in (data / SHARDS).glob(f"{split}-*.{suffix}"))
        files += [Item(f"{split}/{SHARDS}/{path.name}", path) for path in shards]
        if places is not None:
            files.append(Item(f"{split}/{PLACES}", _parquet(places[places["image"].isin(own["image"])])))
        manifests.append(Item(f"{split}/{FILE_NAME}", _parquet(own)))
    return files, manifests


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except Exception as error:  # pyarrow and pandas raise many types for a broken file
        raise ManifestError(f"'{path}' cannot be read ({type(error).__name__}); run 'overread prepare' again") from error


def _refuse_other_shards(there: Mapping[str, int], files: Iterable[Item], to: str) -> None:
    """Training reads all shards of a channel, which must be of one size; so those of two data sets must not meet."""
    own = {item.name for item in files}
    others = sum(name.split("/")[1:2] == [SHARDS] and name.split("/")[0] in FRACTIONS and name not in own for name in there)
    if others:
        raise UsageError(f"'{to}' holds {others} files of another data set's shards; give a prefix of its own, or empty this one")


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


class _Bucket:
    """A prefix in S3, with the credentials that boto3 finds; no error quotes a key."""

    def __init__(self, address: str, kms_key: str | None) -> None:
        parts = urlsplit(address)
        if parts.scheme != "s3" or not parts.netloc:
            raise UsageError(f"'{address}' names no bucket; give s3://BUCKET/PREFIX")
        if kms_key and "alias/" in kms_key:  # S3 tells what a key is, not what it is called, so nothing would be there ever
            raise UsageError(f"--kms-key is '{kms_key}', an alias; give the id or the ARN of the key itself")
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ModuleNotFoundError:
            raise UsageError("an upload to S3 needs boto3; run: pip install 'overread[s3]'") from None
        self._name, self._prefix = parts.netloc, parts.path.strip("/")
        self._errors = (BotoCoreError, ClientError)
        self._kms_key = kms_key
        self._encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        config = Config(max_pool_connections=AT_ONCE, retries={"mode": "adaptive", "max_attempts": 8})
        self._client: Any = self._tried(lambda: boto3.client("s3", config=config))

    def sizes(self) -> dict[str, int]:
        """Bytes of every object below the prefix, by its name there."""
        start = self._key("")

        def listed() -> dict[str, int]:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=start)
            return {one["Key"].removeprefix(start): one["Size"] for page in pages for one in page.get("Contents", ())}

        found: dict[str, int] = self._tried(listed)
        return found

    def bring(self, item: Item, there: dict[str, int]) -> bool:
        """Sends a file unless the same is there; whether it was sent."""
        known = item.named_by_content and self._kms_key is None
        if there.get(item.name) == item.size and (known or self._tried(lambda: self._is_there(item))):
            return False
        self._tried(lambda: self._send(item))
        return True

    def _is_there(self, item: Item) -> bool:
        """Whether the object of an item's name and size is the item, encrypted with the wanted key."""
        head = self._client.head_object(Bucket=self._name, Key=self._key(item.name))
        encrypted = self._kms_key is None or head.get("SSEKMSKeyId", "").endswith(self._kms_key.rpartition("/")[2])
        return encrypted and (item.named_by_content or head["Metadata"].get(SUM) == item.sha256)

    def _send(self, item: Item) -> None:
        target = {"Bucket": self._name, "Key": self._key(item.name)}
        described = {**self._encryption, "ChecksumAlgorithm": "SHA256", "Metadata": {SUM: item.sha256}}
        with item.open() as stream:
            if item.size <= PART:
                self._client.put_object(**target, **described, Body=stream.read())
                return
            resumed, there = self._begun(target, item)
            begun = resumed or self._client.create_multipart_upload(**target, **described)["UploadId"]
            done = []
            for number, body in enumerate(iter(lambda: stream.read(PART), b""), start=1):
                digest = _base64(hashlib.sha256(body))
                tag = (
                    there.get(number)
                    or self._client.upload_part(
                        **target, UploadId=begun, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256"
                    )["ETag"]
                )
                done.append({"PartNumber": number, "ETag": tag, "ChecksumSHA256": digest})
            self._client.complete_multipart_upload(**target, UploadId=begun, MultipartUpload={"Parts": done})
        if resumed and not self._is_there(item):
            self._send(item)  # it was begun for another file or with another key, which S3 does not tell before it is whole

    def _begun(self, target: dict[str, str], item: Item) -> tuple[str | None, dict[int, str]]:
        """An interrupted upload of this very file, and the tags of its parts; one of another file is given up."""
        uploads = self._client.list_multipart_uploads(Bucket=target["Bucket"], Prefix=target["Key"]).get("Uploads", ())
        for begun in [one["UploadId"] for one in uploads if one["Key"] == target["Key"]]:
            pages = self._client.get_paginator("list_parts").paginate(**target, UploadId=begun)
            parts = [part for page in pages for part in page.get("Parts", ())]
            if parts and all(_same(part, item) for part in parts):
                return begun, {part["PartNumber"]: part["ETag"] for part in parts}
            self._client.abort_multipart_upload(**target, UploadId=begun)
        return None, {}

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _tried(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except self._errors as error:
            response: dict[str, Any] = getattr(error, "response", None) or {}
            code = response.get("Error", {}).get("Code") or type(error).__name__
            raise OverreadError(
                f"the upload to the bucket '{self._name}' failed ({code}); check its name, your credentials, its policy and the "
                "KMS key's, then run the same command again: it goes on"
            ) from None
        except OSError as error:
            raise OverreadError(f"a file of the data set cannot be read ({error.strerror}); run the same command again") from None


def _same(part: dict[str, Any], item: Item) -> bool:
    """Whether a part that was sent is this file's: by its SHA-256 where the answer has one, else by its MD5 (no KMS)."""
    with item.open() as stream:
        stream.seek((part["PartNumber"] - 1) * PART)
        body = stream.read(PART)
    if "ChecksumSHA256" in part:
        return bool(part["ChecksumSHA256"] == _base64(hashlib.sha256(body)))
    return bool(part["ETag"].strip('"') == hashlib.md5(body, usedforsecurity=False).hexdigest())


def _base64(digest: Any) -> str:
    return base64.b64encode(digest.digest()).decode()
