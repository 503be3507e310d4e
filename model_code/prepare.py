"""``overread prepare``: from a source's own files to a checked data set.

Each picture is decoded once and written as a PNG and, small, into a shard: pixels pass on; DICOM headers, file names and the
source's own numbers for patients stay behind. What cannot be read is quarantined with a reason, not trained on and not hidden.
What would let a test be passed by memory stops the line.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model_code import __version__
from model_code.data import pieces
from model_code.data.boxes import as_places
from model_code.data.kept import Entry, Kept, keep
from model_code.data.manifest import check, write_manifest
from model_code.data.phantoms.places import places_name
from model_code.data.refusals import near_duplicates, refuse_groups_in_two_splits, refuse_near_duplicates, write_report
from model_code.data.resumable import discard, resumable_folder
from model_code.data.shards import SHARDS, shard_side
from model_code.data.sources import SOURCES
from model_code.data.sources.listing import Listing
from model_code.data.targets import check_target
from model_code.errors import ManifestError, UsageError, unknown
from model_code.files import atomic_folder
from model_code.machines import ALONE, Machine
from model_code.progress import console
from model_code.tasks import TaskSpec


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be prepared, from where and to where."""

    spec: TaskSpec
    """The task whose labels are expected."""
    source: str
    """The kind of source; ``model_code.data.sources`` lists them."""
    root: Path
    """The source's folder."""
    out: Path
    """The data set to make; each of several machines makes its part of it."""
    seed: int = 0
    """Decides the split of each group, where the source brings none."""
    table: Path | None = None
    """The table, where it does not lie in ``root``."""
    machine: Machine = ALONE
    """With several, each has the whole table and its share of the films, and leaves the others' to them."""
    image_size: int | None = None
    """Side of the model's input that the shards are for, in pixels; the task's by default."""
    labels_only: bool = False
    """Write the manifest alone, where the pictures are not there yet."""
    drop_duplicates: bool = False
    """Leave out the one of two near-duplicates in two splits that is held out less, instead of stopping."""

    @property
    def side(self) -> int:
        """Of the pictures in shards, in pixels."""
        return shard_side(self.image_size or self.spec.image_size)

    @property
    def part(self) -> str | None:
        """This machine's name, where there are several."""
        return self.machine.name if self.machine.count > 1 else None


def prepare(order: Order) -> dict[str, Any]:
    """Writes ``order.out`` (manifest, films, shards, ``preparation.json`` and ``.html``) whole or not at all; returns the report.

    A run that was killed goes on where it stopped; pictures that have changed since are looked at again. What is refused is
    shown in ``OUT.refused/preparation.html``.

    Raises:
        UsageError: an unknown source, or one of another task; a folder to make that would replace something else.
        ManifestError: the source must not be trained on (the message says why), or no picture could be read.
    """
    listing = _listing_of(order)
    lines = _anonymous(listing.table)
    refuse_groups_in_two_splits(lines, listing, root=order.root, spec=order.spec, out=order.out)
    check(lines.assign(sha256=""), order.spec)
    if order.labels_only:
        return _write_labels_only(order, listing, lines)
    own = lines if order.part is None else lines[[(order.root / image).is_file() for image in lines["image"]]]
    with resumable_folder(order.out, _sum_of(order, own)) as work:
        made = keep(_convert(order, own, work), own, first=listing.first)
        if made.frame.empty and made.quarantined:
            detail = made.quarantined[0]["detail"]
            none = f"none of the {len(own)} films under '{order.root}' could be read; first reason: {detail}"
            if order.part is None:
                discard(order.out)
                raise ManifestError(none)
            console.print(f"{none}; other machines may have read theirs", soft_wrap=True)
        pairs = near_duplicates(made.frame, listing, work)
        if not order.drop_duplicates:
            refuse_near_duplicates(pairs, spec=order.spec, out=order.out)
        kept = made.without(pairs)
        report = {**_told(order, listing), **_result(order, listing, kept)}
        report |= {"near_duplicates": len(pairs), "left_to_others": len(lines) - len(own)}
        write_report(work, report, pairs, order.part)  # as long as all films are there
        _write_tables(order, listing, kept, work)
        for film in set((work / pieces.FILMS).iterdir()) - {work / image for image in kept.frame["image"]}:
            film.unlink()  # of a near-duplicate, or the same pixels in another file
        shutil.rmtree(work / pieces.RECORDS)
    return report


def _listing_of(order: Order) -> Listing:
    """The source's table, of a source and to a folder that will do."""
    if order.source not in SOURCES:
        raise unknown("source", order.source, SOURCES)
    kind = SOURCES[order.source]
    if kind.task not in (None, order.spec.task):
        raise UsageError(f"the source '{order.source}' is for the task '{kind.task}', not '{order.spec.task}'; leave --task out")
    check_target(order.out, order.root, order.table)
    if not order.root.is_dir():
        raise UsageError(f"no folder at '{order.root}'; --root is the folder of the source: its tables and its images")
    listing = kind.read(order.root, order.spec, table=order.table, seed=order.seed)
    if listing.table.empty:
        raise ManifestError(f"the source in '{order.root}' names no picture; its table or its folders are empty")
    if listing.from_files and order.part is not None:
        raise UsageError("this source needs all of its files to list them; prepare it with one machine, or write a table")
    return listing


def _anonymous(table: pd.DataFrame) -> pd.DataFrame:
    """A hospital's number for a patient stays behind too; who belongs together is all that the line needs."""
    codes = pd.factorize(table["group"])[0]
    return table.assign(group=[f"G{code:06d}" if code >= 0 else None for code in codes]).reset_index(drop=True)  # -1: empty


def _sum_of(order: Order, own: pd.DataFrame) -> str:
    """A sum over all that decides what is made, but for the pictures themselves: see ``_forget_changed``."""
    facts = f"{__version__} {order.spec.task} {order.side} {order.part} {order.root.resolve()}\n"
    return hashlib.sha256((facts + own.to_csv(index=False)).encode()).hexdigest()


def _convert(order: Order, own: pd.DataFrame, work: Path) -> list[Entry]:
    """Makes films and shards of this machine's rows; returns what became of each."""
    side, channels = order.side, order.spec.channels
    rows = [(number, own["split"][number], order.root / own["image"][number]) for number in own.index]
    job = pieces.Job(work, side, channels)
    parts = pieces.plan(rows, side=side, channels=channels, machine=order.part)
    _forget_changed(parts, work)
    pieces.make(parts, job, "prepare films")
    return list(pieces.records(parts, job))


def _forget_changed(parts: list[pieces.Piece], work: Path) -> None:
    """Removes what an earlier run made of a piece whose files are others now, by size and time, so that it is made again."""
    records = work / pieces.RECORDS
    records.mkdir(exist_ok=True)
    for part in parts:
        facts = hashlib.sha256("".join(f"{_state(path)}\n" for path in part.paths).encode()).hexdigest()
        seen = records / f"{part.name}.seen"  # written before the files are read: one that changes in between is read again
        if seen.is_file() and seen.read_text(encoding="ascii") == facts:
            continue
        for made in (records / f"{part.name}.json", *(work / SHARDS / f"{part.name}.{suffix}" for suffix in ("txt", "npy"))):
            made.unlink(missing_ok=True)
        seen.write_text(facts, encoding="ascii")


def _state(path: Path) -> str:
    try:
        there = path.stat()
    except OSError:
        return "absent"
    return f"{there.st_size} {there.st_mtime_ns} {there.st_ctime_ns}"


def _write_tables(order: Order, listing: Listing, kept: Kept, work: Path) -> None:
    frame = kept.frame
    check(frame, order.spec)
    if frame.empty:  # of more machines than films, some have nothing to do
        return
    write_manifest(frame.drop(columns=["source", "number", "pixels"]), work, part=order.part)
    if listing.boxes is not None:
        places = as_places(listing.boxes, dict(zip(frame["source"], frame["image"], strict=True)))
        places.to_parquet(work / places_name(order.part), index=False)


def _write_labels_only(order: Order, listing: Listing, lines: pd.DataFrame) -> Entry:
    """The manifest without films: every ``sha256`` is empty text, which ``read_manifest`` refuses to train on."""
    names = [f"line-{number:06d}" for number in np.arange(len(lines)) + listing.first]
    frame = lines.assign(image=names, sha256="")
    check(frame, order.spec)
    counts = _counts(frame, order.spec)
    report = {**_told(order, listing), "labels_only": True, **counts, "quarantined": [], "left_to_others": 0}
    with atomic_folder(order.out) as folder:
        write_manifest(frame, folder)
        write_report(folder, report, [])
    return report


def _told(order: Order, listing: Listing) -> Entry:
    """What the report says of the source."""
    left_out = dict(listing.left_out)
    return {"task": order.spec.task.value, "source": order.source, "notes": list(listing.notes), "left_out": left_out}


def _result(order: Order, listing: Listing, kept: Kept) -> Entry:
    """What the report says of the data set."""
    codes = Counter(str(entry["code"]) for entry in kept.quarantined)
    return {
        **_counts(kept.frame, order.spec),
        "numbered_by": listing.numbered,
        "quarantined": sorted(kept.quarantined, key=lambda entry: int(entry["line"])),
        "quarantined_by_code": dict(sorted(codes.items())),
        "shards": {"side": order.side, "channels": order.spec.channels},
    }


def _counts(frame: pd.DataFrame, spec: TaskSpec) -> Entry:
    return {
        "films": len(frame),
        f"{spec.grouped_by}s": int(frame["group"].nunique()),
        "splits": {str(name): int(count) for name, count in frame["split"].value_counts().sort_index().items()},
        "films_with": {label: int((frame[label] == 1).sum()) for label in spec.labels},
    }
