"""Many pictures at a time, over all processors: each piece becomes a file of small pictures, and a record when it is finished.

Memory does not grow with the number of pictures (one piece a process), and a run that was killed goes on after its last
finished piece: the record is written last, by a rename.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Thread
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model_code.cpus import usable_cpus
from model_code.data.convert import convert
from model_code.data.shards import SHARDS, rows_a_piece, write_shard
from model_code.errors import ImageError, OverreadError
from model_code.files import atomic_file
from model_code.progress import track

FEW: Final = 64
"""Pictures for which starting processes takes longer than it saves."""
RECORDS: Final = "records"
FILMS: Final = "films"

Row = tuple[int, str, Path]
"""The number of a picture in its listing, its split, its file."""


@dataclass(frozen=True)
class Piece:
    """Pictures of one split that are converted together."""

    name: str
    numbers: tuple[int, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Job:
    """What is made of every picture, and where."""

    work: Path
    side: int
    """Of the small pictures in the shards, in pixels."""
    channels: int


def plan(rows: Sequence[Row], *, side: int, channels: int, machine: str | None) -> list[Piece]:
    """Cuts the rows into pieces, each of one split, in the rows' order."""
    size = rows_a_piece(side, channels)
    mark = f"-{machine}" if machine else ""
    pieces = []
    for split in dict.fromkeys(split for _, split, _ in rows):
        own = [row for row in rows if row[1] == split]
        for number, start in enumerate(range(0, len(own), size)):
            part = own[start : start + size]
            name = f"{split}{mark}-{number:05d}"
            pieces.append(Piece(name, tuple(row[0] for row in part), tuple(row[2] for row in part)))
    return pieces


def make(pieces: Sequence[Piece], job: Job, what: str) -> None:
    """Makes the pieces that have no record yet.

    Raises:
        OverreadError: a process was ended from outside, most often for want of memory.
    """
    for name in (RECORDS, SHARDS, FILMS):
        (job.work / name).mkdir(exist_ok=True)
    waiting = [piece for piece in pieces if not _record_of(piece, job).is_file()]
    total = sum(len(piece.numbers) for piece in pieces)
    finished = total - sum(len(piece.numbers) for piece in waiting)
    try:
        for _ in track(_counted(waiting, job, finished), what, total=total):
            pass
    except BrokenProcessPool:
        raise OverreadError(
            "a process that converted pictures was ended (often for want of memory); free some and run the same command again"
        ) from None


def _counted(waiting: Sequence[Piece], job: Job, finished: int) -> Iterator[None]:
    """Once for each picture that is done, with those of earlier runs."""
    yield from (None for _ in range(finished))
    processes = min(usable_cpus(), len(waiting))
    if processes <= 1 or sum(len(piece.numbers) for piece in waiting) < FEW:
        for piece in waiting:
            make_one(piece, job)
            yield from (None for _ in piece.numbers)
        return
    context = get_context("spawn")
    watched, held = context.Pipe(duplex=False)
    with held, watched, ProcessPoolExecutor(processes, context, initializer=_end_with, initargs=(watched,)) as pool:
        running: dict[Future[None], Piece] = {pool.submit(make_one, piece, job): piece for piece in waiting}
        try:
            for done in as_completed(running):
                done.result()
                yield from (None for _ in running[done].numbers)
        except BaseException:
            held.close()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _end_with(watched: Connection) -> None:
    """Ends this process at once when the other end closes: its parent gives up, or was killed and can tell nobody."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to all; the parent answers it for all

    def watch() -> None:
        wait([watched])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def make_one(piece: Piece, job: Job) -> None:
    """Converts the pictures of one piece; what cannot be read is recorded with its reason."""
    smalls: list[NDArray[np.uint8]] = []
    rows: list[dict[str, Any]] = []
    for number, path in zip(piece.numbers, piece.paths, strict=True):
        try:
            made = convert(path, side=job.side, channels=job.channels)
        except ImageError as error:
            rows.append({"number": number, "code": error.code, "detail": error.detail})
            continue
        digest = hashlib.sha256(made.film).hexdigest()
        (job.work / film_name(digest)).write_bytes(made.film)
        rows.append({"number": number, "sha256": digest, "pixels": made.pixels, "fingerprint": made.fingerprint.hex()})
        smalls.append(made.small)
    write_shard(job.work / SHARDS / piece.name, smalls, [row["sha256"] for row in rows if "sha256" in row])
    with atomic_file(_record_of(piece, job)) as temporary:
        temporary.write_text(json.dumps(rows), encoding="utf-8")


def records(pieces: Sequence[Piece], job: Job) -> Iterator[dict[str, Any]]:
    """What became of every picture: ``number`` with ``sha256``, ``pixels``, ``fingerprint``, or with ``code`` and ``detail``."""
    for piece in pieces:
        yield from json.loads(_record_of(piece, job).read_text(encoding="utf-8"))


def film_name(digest: str) -> str:
    """Where a film of this sum lies in the data set: by content, since a source's file name can hold a patient's."""
    return f"{FILMS}/{digest[:20]}.png"


def _record_of(piece: Piece, job: Job) -> Path:
    return job.work / RECORDS / f"{piece.name}.json"
