"""The table of a folder of films without its patients: groups under pseudonyms, and of the rest what cannot name anybody.

A row whose columns have slipped has a name where a label belongs. So a value stays only if it is one that its column can have;
any other, or a row with too few fields or too many, refuses the table. Only ``site`` is free, for one word: what institutions are
called here nobody else knows. Messages name lines and columns, never values.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from model_code.data.deidentify import OLDEST
from model_code.data.pseudonyms import Pseudonyms
from model_code.data.sources.folder import SPLITS
from model_code.data.sources.listing import SEPARATORS, UTF_16
from model_code.errors import ManifestError
from model_code.tasks import TaskSpec

NEEDED: Final = ("image", "group")
CARRIED: Final = ("sex", "age", "view", "site", "body_site", "split")
"""Columns that stay, beside the labels; any other could hold whatever somebody typed."""
NOTHING: Final = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none"})
"""What tables write where nothing is known."""
MARKS: Final = {"0": "0", "0.0": "0", "false": "0", "1": "1", "1.0": "1", "true": "1"}
SEXES: Final = ("f", "m", "o", "u", "female", "male", "other", "unknown")
VIEWS: Final = (
    *("pa", "ap", "ap supine", "ap erect", "ap_horizontal", "frontal", "costal"),
    *("l", "r", "ll", "rl", "lld", "rld", "llo", "rlo", "lat", "lateral"),
)
"""DICOM's codes (PS3.3, View Position) and the words of the public chest sets."""
BODY_SITES: Final = (
    *("head/neck", "torso", "anterior torso", "lateral torso", "posterior torso", "lower extremity", "upper extremity"),
    *("oral/genital", "palms/soles", "abdomen", "acral", "back", "chest", "ear", "face", "foot", "genital", "hand", "neck"),
    *("scalp", "trunk", "unknown"),
)
"""ISIC's and HAM10000's."""
WORDS: Final = {"sex": SEXES, "view": VIEWS, "body_site": BODY_SITES}
SITE: Final = re.compile(r"\d{1,3}|(?!.*\d{4})[A-Za-z][A-Za-z0-9_/+-]{0,15}", re.ASCII)
"""The code of an institution: one word, and neither a date nor a patient's number."""


@dataclass(frozen=True)
class CleanTable:
    """``rows`` name their films as the source does, relative to its root and with slashes; all else of them can be shown."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]


def read_clean(path: Path, spec: TaskSpec, pseudonyms: Pseudonyms) -> CleanTable:
    """Reads a table as ``prepare`` does: separated by what its first line shows; UTF-8, or UTF-16 with its mark.

    Raises:
        ManifestError: it is no such table, lacks a column, or holds what could name somebody.
    """
    lines = _lines(path)
    _, names = next(lines, (1, []))
    names = [name.strip() for name in names]
    if missing := [name for name in NEEDED if name not in names]:
        raise ManifestError(f"'{path}' lacks the column(s) {', '.join(missing)}; it needs image, group and labels")
    kept = {name: names.index(name) for name in names if name in (*NEEDED, *spec.labels, *CARRIED)}
    rows = []
    for line, fields in lines:
        if len(fields) != len(names):
            raise ManifestError(
                f"line {line} of '{path}' has {len(fields)} fields, but the first line {len(names)}; "
                "correct it, with quotes around a value that holds a separator"
            )
        row = {}
        for name, place in kept.items():
            value = _clean(name, fields[place].strip(), pseudonyms)
            if value is None:
                raise ManifestError(
                    f"line {line} of '{path}' has in the column '{name}' what does not belong there; "
                    f"allowed: {_allowed(name)} or empty; correct it, or the line if its columns have slipped"
                )
            row[name] = value
        rows.append(row)
    return CleanTable(tuple(kept), tuple(rows))


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The number and the fields of every line that is not blank."""
    data = path.read_bytes()
    try:
        text = io.StringIO(data.decode("utf-16" if data.startswith(UTF_16) else "utf-8-sig"), newline="")
    except UnicodeError:
        raise ManifestError(f"'{path}' is not UTF-8; save it again as 'CSV UTF-8'") from None
    separator = max(SEPARATORS, key=text.readline().count)
    text.seek(0)
    reader = csv.reader(text, delimiter=separator, skipinitialspace=True, strict=True)
    try:
        yield from ((reader.line_num, fields) for fields in reader if fields)
    except csv.Error:  # its text may quote what it stops at
        raise ManifestError(f"'{path}' cannot be read as CSV (line {reader.line_num}); save it again as 'CSV UTF-8'") from None


def _clean(column: str, value: str, pseudonyms: Pseudonyms) -> str | None:
    """What stays of a value; None where it is none of its column's."""
    word = value.lower()
    if column == "image":
        return PurePosixPath(value.replace("\\", "/")).as_posix()  # as Windows writes paths
    if word in NOTHING:
        return ""
    match column:
        case "group":
            return pseudonyms.patient(value)
        case "age":
            years = re.fullmatch(r"\d{1,3}(\.\d*)?", value, re.ASCII)
            return str(min(int(float(value)), OLDEST + 1)) if years else ""
        case "split":
            return SPLITS.get(word)
        case "sex" | "view" | "body_site":
            return value if word in WORDS[column] else None
        case "site":
            return value if SITE.fullmatch(value) else None
    return MARKS.get(word)


def _allowed(column: str) -> str:
    """What a column can have, for people."""
    known = {name: ", ".join(words) for name, words in {**WORDS, "split": tuple(SPLITS)}.items()}
    known["site"] = "one word of up to 16 letters, digits and _/+-, with no number of more than 3 digits"
    return known.get(column, "1, 0")
