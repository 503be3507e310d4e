"""Bundles as ``model.tar.gz``, which is how SageMaker hands them from step to step; on a laptop they stay folders."""

from __future__ import annotations

import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from model_code.bundle import SUMS
from model_code.errors import BundleError, UsageError
from model_code.files import atomic_file, check_replaceable
from model_code.packing import tar_gz_of

NAME: Final = "model.tar.gz"
SUFFIX: Final = ".tar.gz"
MAX_BYTES: Final = 4 * 2**30
"""Of all files together once unpacked; a bundle of the largest architecture has well under 1 GB."""


@contextmanager
def unpacked(bundle: Path, out: Path | None, *, changes: bool = True) -> Iterator[tuple[Path, Path | None]]:
    """The folders that a step works on: ``bundle`` and ``out`` themselves, or temporary ones where they are archives.

    A folder that holds ``model.tar.gz`` (what a processing step is given) stands for that archive. An archive ``out`` is written
    only where the step made its folder.

    Args:
        bundle: what is read.
        out: what is written; in place when None.
        changes: False for a step that only reads, which needs no ``out``.

    Raises:
        BundleError: the archive is damaged, too large, or holds more than plain files.
        UsageError: an archive was to be changed in place, or ``out`` is a folder that holds something else.
    """
    if out is not None and not out.name.endswith(SUFFIX):
        check_replaceable(out, SUMS)
    archive = bundle / NAME if (bundle / NAME).is_file() else bundle
    packed = archive.is_file()
    if changes and packed and out is None:
        raise UsageError(f"'{archive}' is an archive and cannot be changed in place; give --out FOLDER or --out FILE{SUFFIX}")
    with tempfile.TemporaryDirectory() as temporary:
        source, target = bundle, out
        if packed:
            source = Path(temporary) / "in"
            _unpack(archive, source)
        if out is not None and out.name.endswith(SUFFIX):
            target = Path(temporary) / "out"
        yield source, target
        if out is not None and target is not None and target != out and target.is_dir():
            with atomic_file(out) as temporary_file:
                temporary_file.write_bytes(tar_gz_of(target))


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = tar.getmembers()
            if sum(member.size for member in members) > MAX_BYTES:
                raise BundleError(f"'{archive}' unpacks to more than {MAX_BYTES:,} bytes; this is no bundle")
            tar.extractall(folder, members, filter="data")  # refuses links, devices and paths that lead out
    except (tarfile.TarError, zlib.error, OSError, EOFError) as error:
        raise BundleError(f"'{archive}' cannot be unpacked as a bundle ({type(error).__name__}); copy it again") from error
