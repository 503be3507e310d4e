"""Anybody's folder: pictures that a CSV names, DICOM files that a CSV names by their SOP instance UID, or a tree of ``class/…``.

With a table: ``manifest.csv`` with ``image`` (or ``SOPInstanceUID``), ``group``, one column a label and, where known, ``split``
and attributes. A table of UIDs may leave ``group`` to the files' own patient ID. Without: folders that are called like labels,
below ``train/ val/ test/`` or not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import pydicom

from model_code.data.sources.listing import Listing, folders_in, line_of, need_columns, pictures, read_csv, splits
from model_code.errors import ManifestError
from model_code.tasks import TaskSpec

TABLE: Final = "manifest.csv"
UID: Final = "SOPInstanceUID"
ATTRIBUTES: Final = ("sex", "age", "view", "site", "body_site", "device")
SPLITS: Final = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
NORMAL: Final = frozenset({"normal", "no finding", "healthy"})
"""Names of folders whose films have none of the findings of a task that is not exclusive."""


def read(root: Path, spec: TaskSpec, *, table: Path | None, seed: int) -> Listing:
    """A folder as a listing; see ``listing.Read``."""
    path = table or root / TABLE
    if path.is_file():
        return _of_table(path, root, spec, seed)
    classes = [] if table else _classes(root, spec)
    if not classes:
        columns = f"image, group, {', '.join(spec.labels)}"
        raise ManifestError(
            f"no table at '{path}'; write one with the columns {columns}, or sort the pictures into folders called like labels"
        )
    return _of_tree(classes, root, spec, seed)


def _of_table(path: Path, root: Path, spec: TaskSpec, seed: int) -> Listing:
    table = read_csv(path)
    from_files = UID in table.columns and "image" not in table.columns
    left_out = _find_by_uid(table, path, root) if from_files else {}
    need_columns(table, path, "image", "group", *spec.labels)
    table["image"] = table["image"].str.replace("\\", "/")  # as Windows writes paths
    if "age" in table.columns:
        table["age"] = pd.to_numeric(table["age"], errors="coerce")
    if "split" not in table.columns:
        table["split"] = splits(table["group"].astype(str), [None] * len(table), seed)
    elif table["split"].notna().any():
        words = table["split"].astype(str).str.lower()
        table["split"] = words.map(SPLITS).where(words.isin(SPLITS.keys()), table["split"])
    kept = ["image", "group", *spec.labels, *(name for name in ATTRIBUTES if name in table.columns), "split"]
    return Listing(table[kept], "line of the table", 2, left_out=left_out, from_files=from_files)


def _find_by_uid(table: pd.DataFrame, path: Path, root: Path) -> dict[str, int]:
    """Adds ``image`` and, where it is not there, ``group`` to a table of UIDs; counts the files that stay out."""
    uids = table[UID].astype(str)
    if uids.duplicated().any():
        raise ManifestError(f"line {line_of(uids.duplicated())} of '{path}' repeats a {UID}; keep one line a picture")
    found = _headers(root)
    headers: dict[str, tuple[str, str]] = {}
    for name, header in found:
        headers.setdefault(str(header.get(UID)), (name, str(header.get("PatientID") or name)))
    table["image"] = [headers.get(uid, (uid, ""))[0] for uid in uids]
    if "group" not in table.columns:
        table["group"] = [headers.get(uid, ("", uid))[1] for uid in uids]
    return {
        "another file has the same SOP instance UID": len(found) - len(headers),
        "the table does not name it": len(headers.keys() - set(uids)),
    }


def _headers(root: Path) -> list[tuple[str, pydicom.Dataset]]:
    """Paths and the two elements that are needed here of every DICOM file below the root."""
    found: list[tuple[str, pydicom.Dataset]] = []
    for path in pictures(root):
        with path.open("rb") as stream:
            if stream.read(132)[128:] != b"DICM":
                continue
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[UID, "PatientID"])
        except Exception:  # noqa: S112  of any type for a damaged file, which then is one that no row names
            continue
        found.append((path.relative_to(root).as_posix(), header))
    return found


def _classes(root: Path, spec: TaskSpec) -> list[tuple[Path, str | None, str | None]]:
    """Folder, split and label of every class; a label of None is a film without findings."""
    parts = [(folder, SPLITS[folder.name.lower()]) for folder in folders_in(root) if folder.name.lower() in SPLITS]
    tops: list[tuple[Path, str | None]] = [*parts] or [(root, None)]
    known: dict[str, str | None] = {} if spec.exclusive else dict.fromkeys(NORMAL)
    known |= {_word(label): label for label in spec.labels}
    beside = sum(_word(folder.name) in known for folder in folders_in(root)) if parts else 0
    if beside:
        raise ManifestError(f"{beside} folders in '{root}' are called like labels but lie beside train/ and test/; move them in")
    classes: list[tuple[Path, str | None, str | None]] = []
    strange = 0
    for top, split in tops:
        for folder in folders_in(top):
            if _word(folder.name) in known:
                classes.append((folder, split, known[_word(folder.name)]))
            else:
                strange += 1
    if classes and strange:
        allowed = ", ".join(spec.labels)
        raise ManifestError(f"{strange} folders under '{root}' are no label of task '{spec.task}'; allowed: {allowed}")
    return classes


def _word(name: str) -> str:
    return name.lower().replace("_", " ")


def _of_tree(classes: list[tuple[Path, str | None, str | None]], root: Path, spec: TaskSpec, seed: int) -> Listing:
    patients = {name: str(header.PatientID) for name, header in _headers(root) if header.get("PatientID")}
    rows = []
    given: list[str | None] = []
    for folder, split, label in classes:
        for path in pictures(folder):
            image = path.relative_to(root).as_posix()
            # a finding's folder says nothing of other findings, unless only one label can be true or the film has none
            other = 0 if spec.exclusive or label is None else None
            marks = {one: 1 if one == label else other for one in spec.labels}
            rows.append({"image": image, "group": patients.get(image, image), **marks})
            given.append(split)
    listed = pd.DataFrame(rows, columns=["image", "group", *spec.labels])
    listed["split"] = splits(listed["group"], given, seed)
    notes: tuple[str, ...] = ()
    if len(patients) < len(listed):
        notes = (
            f"{len(listed) - len(patients)} pictures name no {spec.grouped_by}; each counts as one of its own, so look for pairs",
        )
    return Listing(listed, "picture in the order of names", 1, notes=notes, from_files=True)
