"""The readings of a whole folder or bucket, kept where a person or a program finds them, and where the next run goes on.

::

    <sha256>.json, <sha256>.png    the Reading of a film and its picture, named by the first 16 digits of the file's content
    quarantine/<sha256>.json       the Reading of a file that gives no image, with the reason
    summary.csv                    one line a file: its place in the sorted list of names, its sha256, status, reasons, scores

No name, link or copy of a file stands here: names and headers can hold a patient's. ``sha256sum`` finds a quarantined file, or
its place does: ``find DIR -type f -not -name '.*' | LC_ALL=C sort | sed -n 17p``.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError

from model_code.places import Place
from model_code.predictor import Predictor
from model_code.reading import Reading

QUARANTINE: Final = "quarantine/"
SUMMARY: Final = "summary.csv"

Row = tuple[int, str, Reading | None]
"""A file's place in the list (from 1), the SHA-256 of its content, and its answer; None where it could not be opened."""


class Answers:
    """The answers of one model in one place."""

    def __init__(self, place: Place, predictor: Predictor) -> None:
        self._place, self._predictor = place, predictor

    def find(self, sha256: str) -> Reading | None:
        """The answer that this very model gave to this content, in this run or an earlier one."""
        for name in names_of(sha256):
            content = self._place.find(name)
            if content is None:
                continue
            try:
                reading = Reading.model_validate_json(content)
            except ValidationError:  # of another version, or not ours
                continue
            if self._predictor.would_give(reading):
                return reading
        return None

    def keep(self, sha256: str, reading: Reading, picture: bytes | None) -> None:
        """Writes an answer, its picture first: where the Reading is, all is."""
        answer, quarantined = names_of(sha256)
        if picture is not None:
            self._place.write(f"{answer.removesuffix('.json')}.png", picture)
        name, other = (quarantined, answer) if is_bad(reading) else (answer, quarantined)
        self._place.write(name, f"{reading.to_json(indent=2)}\n".encode())
        self._place.remove(other)  # what another model made of it

    def summarize(self, rows: Iterable[Row]) -> None:
        """Writes the table of one run."""
        labels = self._predictor.bundle.info.labels
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("number", "sha256", "status", "reasons", *labels))
        for number, sha256, reading in rows:
            if reading is None:
                table.writerow((number, "", "not_opened", "", *("" for _ in labels)))
                continue
            scores = {finding.label: f"{finding.probability:.4f}" for finding in reading.findings}
            reasons = " ".join(reason.code for reason in reading.reasons)
            table.writerow((number, sha256, reading.status, reasons, *(scores.get(label, "") for label in labels)))
        self._place.write(SUMMARY, text.getvalue().encode())


def names_of(sha256: str) -> tuple[str, str]:
    """Where a film's answer stands, and where a bad file's."""
    return f"{sha256[:16]}.json", f"{QUARANTINE}{sha256[:16]}.json"


def is_bad(reading: Reading) -> bool:
    """Whether the file gave no image. A film that is not assessed is an answer, and no bad file."""
    return reading.image is None


def in_words(rows: Iterable[Row]) -> str:
    """What a run did, for people."""
    kinds = Counter(
        "not opened" if reading is None else "quarantined" if is_bad(reading) else reading.status.replace("_", " ")
        for _, _, reading in rows
    )
    shown = ", ".join(f"{kinds[kind]} {kind}" for kind in ("read", "not assessed", "quarantined", "not opened") if kinds[kind])
    return f"{kinds.total()} files: {shown}"
