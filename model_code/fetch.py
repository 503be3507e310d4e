"""``overread fetch``: a public data set from its official addresses, checked, unpacked, and continued where it was interrupted.

Where a publisher states a checksum the file must have it. Where none is stated (most do not) the sum of the first download is
recorded in ``fetched.json`` and holds from then on: trust on first use. The addresses are data: ``data/sources/addresses.json``.
"""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from model_code.data.download import SPARE, Remote, download
from model_code.data.resumable import only_run
from model_code.errors import OverreadError, UsageError, unknown
from model_code.files import atomic_folder, is_unwritable, sha256_of, write_json
from model_code.progress import console

RECORD: Final = "fetched.json"
ARCHIVES: Final = (".tar.gz", ".tgz", ".zip")


def addresses() -> dict[str, Any]:
    """What can be fetched, by source: its ``page``, its ``files`` and what a person has to do ``by_hand``."""
    text = files("model_code.data.sources").joinpath("addresses.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def fetch(source: str, *, out: Path, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Downloads and unpacks what is not in ``out`` yet; returns what ``fetched.json`` records.

    An archive is removed once it is unpacked, into a folder of its name, so that a data set needs its room once.

    Args:
        source: the data set.
        out: a folder; other files in it are left alone.
        known: addresses to use instead of the official ones, as ``addresses`` gives them.

    Raises:
        UsageError: an unknown source, or one that only a person who is logged in may download; the message says where.
        OverreadError: the address cannot be reached, the disk is full, or a file is not what it was or should be.
    """
    listed = known or addresses()
    if source not in listed:
        raise unknown("source", source, sorted(listed))
    wanted = listed[source]
    if not wanted["files"]:
        raise UsageError(wanted["by_hand"])
    with only_run(out, out):
        record = _recorded(source, out)
        for remote in (Remote(**file) for file in wanted["files"]):
            earlier = record["files"].get(remote.name)
            if _is_there(out, earlier, remote.name):
                console.print(f"{remote.name}: there already")
                continue
            record["files"][remote.name] = _fetch_one(remote, out, earlier)
            write_json(out / RECORD, record)
    if "by_hand" in wanted:
        console.print(wanted["by_hand"], soft_wrap=True)
    return record


def _recorded(source: str, out: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((out / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"source": source, "files": {}}
    except (OSError, ValueError) as error:
        raise OverreadError(f"'{out / RECORD}' cannot be read ({type(error).__name__}); fetch into another folder") from error
    if record.get("source") != source:
        raise UsageError(f"'{out}' holds '{record.get('source')}'; fetch '{source}' into a folder of its own")
    return record


def _is_there(out: Path, earlier: Mapping[str, Any] | None, name: str) -> bool:
    """By what was recorded: summing tens of gigabytes at every call would make nobody safer."""
    if earlier is None:
        return False
    if earlier["unpacked"]:
        return (out / _stem(name)).is_dir()
    return (out / name).is_file() and (out / name).stat().st_size == earlier["bytes"]


def _fetch_one(remote: Remote, out: Path, earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    if earlier:  # of another size than it was, or an archive whose folder is gone
        (out / remote.name).unlink(missing_ok=True)
    path = download(remote, out)
    digest, size = sha256_of(path), path.stat().st_size
    if earlier and earlier["sha256"] != digest:
        path.unlink()
        raise OverreadError(
            f"{remote.name} is another file than when it was first fetched (SHA-256 {digest[:12]}… instead of "
            f"{earlier['sha256'][:12]}…); if its publisher tells of a new edition, fetch into an empty folder"
        )
    archive = remote.name.endswith(ARCHIVES)
    if archive:
        _unpack(path, out)
    return {
        "url": remote.url,
        "bytes": size,
        "sha256": digest,
        "checked": "published checksum" if remote.md5 or remote.sha256 else "recorded on first use: its publisher states none",
        "unpacked": archive,
    }


def _unpack(path: Path, out: Path) -> None:
    """As a whole or not at all; names that lead out of the folder are refused."""
    console.print(f"unpacking {path.name}")
    _remove_half_unpacked(out, _stem(path.name))
    try:
        with atomic_folder(out / _stem(path.name)) as folder:
            _extract(path, folder)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        if is_unwritable(error):
            raise OverreadError(
                f"{path.name} cannot be unpacked in '{out}' ({error.strerror}); it is kept: make room, then run the same again"
            ) from error
        path.unlink()
        raise OverreadError(
            f"{path.name} cannot be unpacked ({type(error).__name__}); it was removed: run the same command again, and if that "
            "fails tell the publisher"
        ) from error
    path.unlink()


def _remove_half_unpacked(out: Path, stem: str) -> None:
    """What ``atomic_folder`` was filling when an earlier run was killed: it can be gigabytes."""
    for left in out.glob(f".{stem}.*"):
        if left.is_dir() and re.fullmatch(re.escape(f".{stem}.") + r"\w{8}(\.old)?", left.name):
            shutil.rmtree(left)


def _extract(path: Path, folder: Path) -> None:
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            needed = sum(info.file_size for info in archive.infolist())
            if needed + SPARE > shutil.disk_usage(folder).free:
                raise OverreadError(f"{path.name} unpacks to {needed / 1e9:.1f} GB, which are not free in '{folder.parent}'")
            archive.extractall(folder)  # noqa: S202  it drops leading slashes and '..'
    else:
        with tarfile.open(path, "r:gz") as archive:
            archive.extractall(folder, filter="data")


def _stem(name: str) -> str:
    return next(name.removesuffix(suffix) for suffix in ARCHIVES if name.endswith(suffix))
