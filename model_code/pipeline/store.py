"""Buckets as folders: ``s3://BUCKET/KEY`` is ``ROOT/BUCKET/KEY``. Jobs get links to what they read where that is possible."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from model_code.errors import OverreadError
from model_code.files import atomic_file

S3: Final = "s3"


class Store:
    """The buckets of one pretended account."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, address: str) -> Path:
        """Where an address is on this machine, whether or not something is there.

        Raises:
            OverreadError: it is no S3 address, or leads out of its bucket.
        """
        parts = urlsplit(address)
        key = PurePosixPath(parts.path.lstrip("/"))
        if parts.scheme != S3 or not parts.netloc or ".." in key.parts or parts.netloc in (".", ".."):
            raise OverreadError(f"'{address}' is no address in S3; allowed: s3://BUCKET/KEY")
        return self.root / parts.netloc / key

    def read(self, address: str) -> bytes:
        """One object.

        Raises:
            OverreadError: it is not there.
        """
        try:
            return self.path(address).read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            raise OverreadError(f"no object at '{address}'") from None

    def sha256(self, address: str) -> str:
        """Of one object; raises OverreadError where there is none."""
        return hashlib.sha256(self.read(address)).hexdigest()

    def write(self, address: str, content: bytes) -> None:
        """One object."""
        with atomic_file(self.path(address)) as temporary:
            temporary.write_bytes(content)

    def lend(self, address: str, folder: Path) -> None:
        """What is in a folder of this machine, as all that stands below an address; nothing is copied."""
        place = self.path(address)
        shutil.rmtree(place, ignore_errors=True)  # takes links away, and not what they lead to
        place.mkdir(parents=True)
        for entry in folder.resolve().iterdir():
            (place / entry.name).symlink_to(entry)

    def stage(self, address: str, folder: Path, *, share: tuple[int, int] = (0, 1)) -> int:
        """Puts the object at an address, or all below it, into a folder; returns how many.

        Args:
            address: of an object, or of a prefix, whose objects keep the rest of their names.
            folder: where; made if it is not there.
            share: number of this machine and of all, of which each gets every n-th object (``ShardedByS3Key``).

        Raises:
            OverreadError: nothing is there, as SageMaker would say.
        """
        source = self.path(address)
        found = sorted(_below(source))
        if not found:
            raise OverreadError(f"no object at or below '{address}'; the step before should have written it")
        folder.mkdir(parents=True, exist_ok=True)
        mine = found[share[0] :: share[1]]
        for path in mine:
            name = path.relative_to(source) if path != source else Path(path.name)
            _link(path, folder / name)
        return len(mine)

    def collect(self, folder: Path, address: str) -> int:
        """Uploads a folder's files below an address, over what is there; returns how many."""
        target = self.path(address)
        found = list(_below(folder))
        for path in found:
            _link(path, target / path.relative_to(folder))
        return len(found)


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder, _, names in os.walk(path, followlinks=True):
        yield from (Path(folder, name) for name in names)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:  # another disk, or a file system without links
        shutil.copy2(source, target)
