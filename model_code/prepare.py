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
from model_code.data.duplicates import HELD_OUT
from model_code.data.manifest import check, write_manifest
from model_code.data.phantoms.places import FILE_NAME as PLACES
from model_code.data.refusals import near_duplicates, refuse_groups_in_two_splits, refuse_near_duplicates, write_report
from model_code.data.resumable import discard, resumable_folder
from model_code.data.shards import shard_side
from model_code.data.sources import SOURCES
from model_code.data.sources.listing import Listing
from model_code.errors import ManifestError, UsageError, unknown
from model_code.files import atomic_folder
from model_code.machines import ALONE, Machine
from model_code.tasks import TaskSpec

Entry = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What is prepared of a listing, by this machine."""

    spec: TaskSpec
    listing: Listing
    root: Path
    lines: pd.DataFrame
    """The listing's rows of this machine, patients' numbers replaced."""
    part: str | None
    """This machine's name, where there are several."""
    side: int
    """Of the pictures in shards."""


def prepare(
    spec: TaskSpec,
    *,
    source: str,
    root: Path,
    seed: int,
    out: Path,
    table: Path | None = None,
    machine: Machine = ALONE,
    image_size: int | None = None,
    labels_only: bool = False,
    drop_duplicates: bool = False,
) -> dict[str, Any]:
    """Writes ``out`` (manifest, films, shards, ``preparation.json`` and ``.html``) as a whole or not at all; returns the report.

    A run that was killed goes on where it stopped. What is refused is shown in ``OUT.refused/preparation.html``.

    Args:
        spec: the task whose labels are expected.
        source: the kind of source; ``model_code.data.sources`` lists them.
        root: the source's folder.
        seed: decides the split of each group, where the source brings none.
        out: the data set to make; each of several machines makes its part of it.
        table: the table, where it does not lie in ``root``.
        machine: with several, each has the whole table and its share of the films, and leaves the others' to them.
        image_size: side of the model's input that the shards are for, in pixels; the task's by default.
        labels_only: write the manifest alone, where the pictures are not there yet.
        drop_duplicates: leave out the one of two near-duplicates in two splits that is held out less, instead of stopping.

    Raises:
        UsageError: an unknown source, or one of another task.
        ManifestError: the source must not be trained on (the message says why), or no picture could be read.
    """
    if source not in SOURCES:
        raise unknown("source", source, SOURCES)
    kind = SOURCES[source]
    if kind.task not in (None, spec.task):
        raise UsageError(f"the source '{source}' is for the task '{kind.task}', not '{spec.task}'; leave --task out")
    listing = kind.read(root, spec, table=table, seed=seed)
    if listing.from_files and machine.count > 1:
        raise UsageError("this source needs all of its files to list them; prepare it with one machine, or write a table")
    lines = _anonymous(listing.table)
    refuse_groups_in_two_splits(lines, listing, root=root, spec=spec, out=out)
    check(lines.assign(sha256=""), spec)
    told = {"task": spec.task.value, "source": source, "notes": list(listing.notes), "left_out": dict(listing.left_out)}
    if labels_only:
        return _write_labels_only(lines, listing, spec, told, out)
    mine = lines if machine.count == 1 else lines[[(root / image).is_file() for image in lines["image"]]]
    part = machine.name if machine.count > 1 else None
    request = Request(spec, listing, root, mine, part, shard_side(image_size or spec.image_size))
    with resumable_folder(out, _sum_of(request)) as work:
        frame, quarantined = _convert(request, work)
        if frame.empty and quarantined:
            discard(out)
            detail = quarantined[0]["detail"]
            raise ManifestError(f"none of the {len(mine)} films under '{root}' could be read; first reason: {detail}")
        pairs = near_duplicates(frame, listing, work)
        if not drop_duplicates:
            refuse_near_duplicates(pairs, spec=spec, out=out)
        for pair in pairs:
            detail = f"of {pair.numbers[1]}, in {pair.splits[1]}"
            quarantined.append({"line": pair.numbers[0], "code": "near_duplicate", "detail": detail})
        left = [pair.row for pair in pairs]
        report = {
            **told,
            **_counts(frame.drop(index=left), spec),
            "numbered_by": listing.numbered,
            "quarantined": sorted(quarantined, key=lambda entry: int(entry["line"])),
            "quarantined_by_code": dict(sorted(Counter(str(entry["code"]) for entry in quarantined).items())),
            "near_duplicates": len(pairs),
            "shards": {"side": request.side, "channels": spec.channels},
            "left_to_others": len(lines) - len(mine),
        }
        write_report(work, report, pairs, part)  # as long as all films are there
        for image in frame["image"].iloc[left]:
            (work / image).unlink()
        _write_tables(frame.drop(index=left).reset_index(drop=True), request, work)
        shutil.rmtree(work / pieces.RECORDS)
    return report


def _anonymous(table: pd.DataFrame) -> pd.DataFrame:
    """A hospital's number for a patient stays behind too; who belongs together is all that the line needs."""
    codes = pd.factorize(table["group"])[0]
    return table.assign(group=[f"G{code:06d}" if code >= 0 else None for code in codes]).reset_index(drop=True)  # -1: empty


def _sum_of(request: Request) -> str:
    """A sum over all that decides what is made."""
    facts = f"{__version__} {request.spec.task} {request.side} {request.part} {request.root.resolve()}\n"
    return hashlib.sha256((facts + request.lines.to_csv(index=False)).encode()).hexdigest()


def _convert(request: Request, work: Path) -> tuple[pd.DataFrame, list[Entry]]:
    """Makes films and shards; returns the manifest of what could be read, and what could not or stands twice.

    Of several rows with the same pixels the one in the split that is held out most is kept, then the first.
    """
    lines, first, channels = request.lines, request.listing.first, request.spec.channels
    rows = [(number, lines["split"][number], request.root / lines["image"][number]) for number in lines.index]
    job = pieces.Job(work, request.side, channels)
    parts = pieces.plan(rows, side=request.side, channels=channels, machine=request.part)
    pieces.make(parts, job, "prepare films")
    done: list[Entry] = sorted(pieces.records(parts, job), key=lambda record: int(record["number"]))
    quarantined = [
        {"line": record["number"] + first, "code": record["code"], "detail": record["detail"]}
        for record in done
        if "code" in record
    ]
    read = [record for record in done if "sha256" in record]
    frame = lines.loc[[record["number"] for record in read]].reset_index(drop=True)
    frame = frame.assign(
        source=frame["image"],
        image=[pieces.film_name(record["sha256"]) for record in read],
        sha256=[record["sha256"] for record in read],
        fingerprint=[bytes.fromhex(record["fingerprint"]) for record in read],
        number=[record["number"] for record in read],
        pixels=[record["pixels"] for record in read],
    )
    ranked = frame.assign(rank=frame["split"].map(HELD_OUT)).sort_values(["rank", "number"], ascending=[False, True])
    again = ranked["pixels"].duplicated().sort_index()
    for image in set(frame["image"][again]) - set(frame["image"][~again]):  # the same pixels in another file
        (work / image).unlink()
    detail = "the same pixels stand in another row"
    quarantined += [{"line": int(number) + first, "code": "duplicate", "detail": detail} for number in frame["number"][again]]
    return frame[~again].reset_index(drop=True), quarantined


def _write_tables(frame: pd.DataFrame, request: Request, work: Path) -> None:
    check(frame, request.spec)
    if frame.empty:  # of more machines than films, some have nothing to do
        return
    write_manifest(frame.drop(columns=["source", "number", "pixels"]), work, part=request.part)
    if request.listing.boxes is not None:
        places = as_places(request.listing.boxes, dict(zip(frame["source"], frame["image"], strict=True)))
        places.to_parquet(work / PLACES, index=False)


def _write_labels_only(lines: pd.DataFrame, listing: Listing, spec: TaskSpec, told: Entry, out: Path) -> Entry:
    """The manifest without films: every ``sha256`` is empty text, which ``read_manifest`` refuses to train on."""
    names = [f"line-{number:06d}" for number in np.arange(len(lines)) + listing.first]
    frame = lines.assign(image=names, sha256="")
    check(frame, spec)
    report = {**told, "labels_only": True, **_counts(frame, spec), "quarantined": [], "left_to_others": 0}
    with atomic_folder(out) as folder:
        write_manifest(frame, folder)
        write_report(folder, report, [])
    return report


def _counts(frame: pd.DataFrame, spec: TaskSpec) -> Entry:
    return {
        "films": len(frame),
        f"{spec.grouped_by}s": int(frame["group"].nunique()),
        "splits": {str(name): int(count) for name, count in frame["split"].value_counts().sort_index().items()},
        "films_with": {label: int((frame[label] == 1).sum()) for label in spec.labels},
    }
