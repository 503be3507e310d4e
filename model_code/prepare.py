"""``overread prepare``: from somebody's folder of films to a checked data set.

Each film is decoded once and written as a 16-bit grey PNG: pixels pass on; DICOM headers, file names and the source's own
numbers for patients stay behind. What cannot be read is quarantined with a reason, not trained on and not hidden.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from PIL import Image

from model_code.cpus import usable_cpus
from model_code.data.images import LIMITS, Pixels, decode
from model_code.data.manifest import check, write_manifest
from model_code.data.split import split_of
from model_code.errors import ImageError, ManifestError, unknown
from model_code.files import atomic_folder, write_json
from model_code.machines import ALONE, Machine
from model_code.progress import track
from model_code.tasks import TaskSpec

SOURCES: Final = ("folder",)
CARRIED: Final = ("sex", "age", "view", "site")
"""Attributes that are taken over where the source has them."""


def prepare(
    spec: TaskSpec,
    *,
    source: str,
    root: Path,
    seed: int,
    out: Path,
    table: Path | None = None,
    machine: Machine = ALONE,
) -> dict[str, Any]:
    """Writes ``out`` (films, manifest, ``preparation.json``) as a whole or not at all, and returns the report.

    Args:
        spec: the task whose label columns are expected.
        source: the kind of source; ``folder`` is a folder with ``manifest.csv`` and the images that it names.
        root: that folder.
        seed: decides the split of each group, where the source brings none.
        out: the data set to make; each of several machines makes its part of it.
        table: the table, where it does not lie in ``root``.
        machine: with several, each has the whole table and its share of the films, and leaves the others' to them.

    Raises:
        UsageError: an unknown source.
        ManifestError: the table is missing or must not be trained on, or no film could be read.
    """
    if source not in SOURCES:
        raise unknown("source", source, SOURCES)
    lines = _read_table(table or root / "manifest.csv", spec, seed)
    check(lines.assign(sha256=""), spec)
    mine = lines if machine.count == 1 else lines[[(root / image).is_file() for image in lines["image"]]]
    rows: dict[str, dict[str, Any]] = {}
    quarantined = []
    with atomic_folder(out) as folder:
        (folder / "films").mkdir()
        films = track(_convert_all(root, mine), "prepare films", total=len(mine))
        for (number, row), film in zip(mine.iterrows(), films, strict=True):
            line = int(number) + 2  # in manifest.csv: the report stays with the data, and a file's name can hold a patient's
            if isinstance(film, ImageError):
                quarantined.append({"line": line, "code": film.code, "detail": film.detail})
                continue
            digest = hashlib.sha256(film).hexdigest()
            name = f"films/{digest[:20]}.png"  # by content, for the same reason
            if name in rows:
                quarantined.append({"line": line, "code": "duplicate", "detail": "the same pixels stand on an earlier line"})
                continue
            (folder / name).write_bytes(film)
            rows[name] = {**row.to_dict(), "image": name, "sha256": digest}
        if not rows and quarantined:
            raise ManifestError(
                f"none of the {len(mine)} films under '{root}' could be read; first reason: {quarantined[0]['detail']}"
            )
        part = machine.name if machine.count > 1 else None
        frame = pd.DataFrame(rows.values(), columns=[*lines.columns, "sha256"])
        check(frame, spec)
        if rows:  # of more machines than films, some have nothing to do
            write_manifest(frame, folder, part=part)
        report = {
            "task": spec.task.value,
            "films": len(frame),
            "splits": frame["split"].value_counts().sort_index().to_dict(),
            "films_with": {label: int((frame[label] == 1).sum()) for label in spec.labels},
            "quarantined": quarantined,
            "left_to_others": len(lines) - len(mine),
        }
        write_json(folder / (f"preparation-{part}.json" if part else "preparation.json"), report)
    return report


def _read_table(path: Path, spec: TaskSpec, seed: int) -> pd.DataFrame:
    if not path.is_file():
        raise ManifestError(f"no table at '{path}'; write one with the columns image, group, {', '.join(spec.labels)}")
    try:
        table = pd.read_csv(path, dtype={"image": str, "group": str})
    except ValueError as error:  # pandas' parser errors
        raise ManifestError(f"'{path}' cannot be read as CSV ({type(error).__name__})") from error
    missing = [name for name in ("image", "group") if name not in table.columns]
    if missing:
        raise ManifestError(f"'{path}' lacks the column(s) {', '.join(missing)}; it needs image, group, {', '.join(spec.labels)}")
    if "split" not in table.columns:
        table["split"] = [split_of(group, seed) for group in table["group"]]
    # a hospital's number for a patient stays behind too; who belongs together is all that the line needs
    table["group"] = [f"G{code:06d}" if code >= 0 else None for code in pd.factorize(table["group"])[0]]  # -1: empty
    kept = [
        "image",
        "group",
        *(label for label in spec.labels if label in table.columns),
        *(a for a in CARRIED if a in table.columns),
        "split",
    ]
    return table[kept]


def _convert_all(root: Path, table: pd.DataFrame) -> Iterator[bytes | ImageError]:
    with ThreadPoolExecutor(usable_cpus()) as pool:
        yield from pool.map(_convert, [root / image for image in table["image"]])


def _convert(path: Path) -> bytes | ImageError:
    try:
        with path.open("rb") as stream:
            return _as_png(decode(stream.read(LIMITS.max_bytes + 1)).pixels)
    except FileNotFoundError:
        return ImageError("missing", "the table names this film, but it is not there")
    except ImageError as error:
        return error


def _as_png(pixels: Pixels) -> bytes:
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    buffer = io.BytesIO()
    Image.fromarray(np.round(grey * 65535).astype(np.uint16)).save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue()
