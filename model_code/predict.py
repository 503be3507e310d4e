"""``overread predict``: readings for files, folders and buckets, for people (a table, a picture) and programs (JSON lines).

Films are read ahead of each other, as many as there are processors and one more: while the model looks at one, others are fetched
and decoded. So memory is bounded by that number, not by how many films there are. Answers come in the order of the files.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model_code.answers import Answers
from model_code.cpus import usable_cpus
from model_code.data.images import LIMITS
from model_code.errors import ImageError, UsageError
from model_code.files import atomic_file
from model_code.overlay import overlay
from model_code.places import GIVE, S3, Folder, Place, Unreachable, place_of
from model_code.predictor import Predictor
from model_code.progress import console
from model_code.reading import Reading, Timing

STYLES = {"present": "bold red", "uncertain": "yellow", "absent": "dim"}

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Source:
    """A file to read."""

    place: Place
    name: str
    shown: str
    """For the person who gave it, on their own terminal; it is written nowhere."""

    def read(self) -> bytes:
        """Its bytes, and one more than is read: enough to know that it is too much. Raises Unreachable."""
        return self.place.read(self.name, LIMITS.max_bytes + 1)


@dataclass(frozen=True)
class Answered:
    """A file and its answer; without one where it could not be opened, and then ``problem`` says why."""

    source: Source
    data: bytes = b""
    sha256: str = ""
    reading: Reading | None = None
    fresh: bool = True
    """False where an earlier run had given the answer."""
    problem: str = ""


def sources_of(given: list[str], out: str | None = None) -> list[Source]:
    """The files to read: those given, and all (but hidden ones) below the folders and prefixes given, in a stable order.

    Raises:
        UsageError: a path does not exist, there is no file below it, or ``out`` lies in it.
    """
    sources: list[Source] = []
    for number, text in enumerate(given, 1):
        path, name = Path(text), called(text, number, len(given))
        if not text.startswith(S3) and path.is_file():
            sources.append(Source(Folder(path.parent), path.name, text))
            continue
        if not text.startswith(S3) and not path.is_dir():
            raise UsageError(f"{name} does not exist; {GIVE}")
        if out is not None and lies_in(out, text):
            raise UsageError(f"--out '{out}' lies in {name}, whose files are read; choose a place beside it")
        place = place_of(text)
        names = place.names()
        if not names:
            raise UsageError(f"{name} holds no file; {GIVE}")
        sources += [Source(place, inside, f"{text.rstrip('/')}/{inside}") for inside in names]
    return sources


def called(shown: str, number: int, count: int) -> str:
    """A file's name for a person at a terminal; elsewhere its number, since that would stay in a log and can hold a patient's."""
    return f"'{shown}'" if console.is_terminal else f"file {number} of {count}"


def is_many(text: str) -> bool:
    """Whether this names a whole folder or bucket."""
    return text.startswith(S3) or Path(text).is_dir()


def lies_in(inner: str, outer: str) -> bool:
    """Whether one folder, or one prefix, lies in another or is the same."""
    if inner.startswith(S3) or outer.startswith(S3):
        return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")
    return Path(inner).resolve().is_relative_to(Path(outer).resolve())


def predict(predictor: Predictor, sources: Iterable[Source], answers: Answers | None = None) -> Iterator[Answered]:
    """An answer a file, in order. What cannot be read is answered ``not_assessed``, never raised.

    Args:
        predictor: the model.
        sources: the files.
        answers: where answers are kept, with pictures; what has one there is not read again.

    Raises:
        OverreadError: an answer cannot be kept.
    """
    workers = usable_cpus() + 1
    with ThreadPoolExecutor(workers, "read") as pool:
        yield from in_order(pool, partial(_answer, predictor, answers), sources, ahead=workers)


def in_order(pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], *, ahead: int) -> Iterator[Result]:
    """``work`` of each item, in the items' order; at most ``ahead`` are begun, or done and not yet taken."""
    begun: deque[Future[Result]] = deque()
    try:
        for item in items:
            if len(begun) == ahead:
                yield begun.popleft().result()
            begun.append(pool.submit(work, item))
        while begun:
            yield begun.popleft().result()
    finally:
        for future in begun:
            future.cancel()


def _answer(predictor: Predictor, answers: Answers | None, source: Source) -> Answered:
    try:
        data = source.read()
    except Unreachable as error:
        return Answered(source, problem=str(error))
    sha256 = hashlib.sha256(data).hexdigest()
    known = answers.find(sha256) if answers else None
    if known is not None:
        return Answered(source, data, sha256, known, fresh=False)
    reading, picture = read(predictor, data, pictured=answers is not None)
    if answers:
        answers.keep(sha256, reading, _png(picture) if picture else None)
    return Answered(source, data, sha256, reading)


def read(predictor: Predictor, data: bytes, *, pictured: bool) -> tuple[Reading, Image.Image | None]:
    """``Predictor.read``, and the picture of the same pass; no picture where the file holds no image or none is wanted."""
    if not pictured:
        return predictor.read(data), None
    started = time.perf_counter()
    try:
        image = predictor.decode(data)
    except ImageError as error:
        took = _milliseconds(started)
        return predictor.refuse(error).model_copy(update={"timing_ms": Timing(decode=took, model=0.0, total=took)}), None
    decoded = _milliseconds(started)
    scores = predictor.predict(image)
    modelled = _milliseconds(started) - decoded
    reading = predictor.encode(image, scores)
    timing = Timing(decode=decoded, model=round(modelled, 2), total=_milliseconds(started))
    return reading.model_copy(update={"timing_ms": timing}), overlay(image, scores, reading)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def _milliseconds(since: float) -> float:
    return round((time.perf_counter() - since) * 1000, 2)


def write_overlay(predictor: Predictor, data: bytes, reading: Reading, target: Path) -> bool:
    """Writes the picture of a Reading as PNG; False where the file holds no image to draw on."""
    try:
        image = predictor.decode(data)
    except ImageError:
        return False
    picture = overlay(image, predictor.predict(image), reading)
    with atomic_file(target) as temporary:
        picture.save(temporary, format="PNG")
    return True


def show(reading: Reading, title: str, console: Console) -> None:
    """Prints one Reading for people."""
    if reading.status == "not_assessed":
        console.print(f"[bold]{escape(title)}[/bold]: [yellow]not assessed[/yellow]")
        for reason in reading.reasons:
            console.print(f"  {reason.code}: {reason.detail}", soft_wrap=True, markup=False)
    else:
        table = Table(
            title=escape(title),
            title_justify="left",
            caption="rule-out, balanced, rule-in: + at or above the threshold",
            caption_justify="left",
        )
        table.add_column("finding")
        predictive = any(finding.operating_points.rule_in.ppv is not None for finding in reading.findings)
        headings = ("probability", "decision", "rule-out", "balanced", "rule-in", "peak (x, y)")
        for heading in (*headings, "PPV rule-in", "NPV rule-out") if predictive else headings:
            table.add_column(heading, justify="right")
        for finding in sorted(reading.findings, key=lambda finding: -finding.probability):
            points = finding.operating_points
            table.add_row(
                finding.label.replace("_", " "),
                f"{finding.probability:.3f}",
                finding.decision,
                "+" if points.rule_out.positive else "-",
                "+" if points.balanced.positive else "-",
                "+" if points.rule_in.positive else "-",
                f"{finding.peak.x:.2f}, {finding.peak.y:.2f}",
                *((_percent(points.rule_in.ppv), _percent(points.rule_out.npv)) if predictive else ()),
                style=STYLES[finding.decision],
            )
        console.print(table)
    console.print(f"[dim]{reading.notice}[/dim]", soft_wrap=True)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
