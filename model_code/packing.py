"""Folders as one file. The same files give the same bytes everywhere: sorted names, no times, no owners."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""


def zip_of(folder: Path, *, only: str = "") -> bytes:
    """All files below a folder, or below one folder ``only`` in it; Python imports straight from such a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files_in(folder / only):
            member = zipfile.ZipInfo(f"{only}/{name}" if only else name, _LONG_AGO)
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, path.read_bytes())
    return buffer.getvalue()


def tar_gz_of(folder: Path) -> bytes:
    """All files below a folder, as SageMaker packs what a training job leaves."""
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", 6, buffer, mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w|") as archive:
        for name, path in files_in(folder):
            member = tarfile.TarInfo(name)
            member.size = path.stat().st_size
            with path.open("rb") as stream:
                archive.addfile(member, stream)
    return buffer.getvalue()


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names below a folder, and where they are; in order, without caches of bytecode."""
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    yield from sorted((path.relative_to(folder).as_posix(), path) for path in paths)
