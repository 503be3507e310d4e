"""What every source answers, and what several of them need to read theirs.

Messages name lines of tables and places in lists, never files or folders below the root: those can hold a patient's name.
"""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import pandas as pd

from model_code.data.split import split_of, train_or_val
from model_code.errors import ManifestError
from model_code.tasks import TaskSpec

SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".dcm", ".dicom", ".ima", ""})
"""Of files that may be pictures, beside those of digits (DICOM files are often called by their UID); the decoder looks inside."""
UNREAD: Final = frozenset({".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2"})
"""Of pictures that are not read; they are listed, so that the report says so."""
SEPARATORS: Final = ",;\t"
"""Of tables: that which stands most often in the first line. Spreadsheets write semicolons where numbers have decimal commas."""
HIDDEN: Final = (".", "__MACOSX")
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Listing:
    """The pictures of a source.

    ``table`` has one row a picture in a stable order: ``image`` (path relative to the root, whether it is there or not),
    ``group`` (the source's own name for it), a column a label (1, 0 or empty), attributes, ``split``.
    """

    table: pd.DataFrame
    numbered: str
    """What the number of a row is for people: ``line of the table``, or ``picture in the order of names``."""
    first: int
    """The number of the first row."""
    boxes: pd.DataFrame | None = None
    """Where findings are: ``image``, ``label`` and ``x0 y0 x1 y1`` as fractions of the picture."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many of the source's pictures are not in the table, by reason."""
    notes: tuple[str, ...] = ()
    """What a person should know of this source's groups, labels and splits."""
    from_files: bool = False
    """Whether the files themselves were needed to write the table, so that who has a share of them cannot."""


class Read(Protocol):
    """Reads one kind of source; ``table`` stands for the source's own where that lies elsewhere.

    Raises:
        ManifestError: what makes the source is missing, or says what the task does not know.
    """

    def __call__(self, root: Path, spec: TaskSpec, *, table: Path | None, seed: int) -> Listing: ...


def read_csv(path: Path) -> pd.DataFrame:
    """A table whose names stay text (``007`` is not 7), separated by what its first line shows; UTF-8, or UTF-16 with its mark.

    Blanks around a name or a text are no part of it: ``4711`` and ``4711 `` are one patient. A text of blanks alone is missing.

    Raises:
        ManifestError: it is no such table, or a line has more fields than the first one.
    """
    text = {"image": str, "group": str, "lesion_id": str, "image_id": str, "SOPInstanceUID": str}
    try:
        encoding, line = _first_line(path)
        separator = max(SEPARATORS, key=line.count)
        read = partial(pd.read_csv, path, sep=separator, encoding=encoding, skipinitialspace=True, low_memory=False)
        names = [str(name).strip() for name in read(nrows=0).columns]
        table = read(dtype=text, names=names, header=0)
    except UnicodeError as error:
        raise ManifestError(f"'{path}' is not UTF-8; save it again as 'CSV UTF-8'") from error
    except (ValueError, OSError) as error:  # pandas' parser errors are ValueErrors, and may quote what they stop at
        where = re.search(r"in line (\d+)", str(error))
        detail = f"line {where[1]} has more fields than the first line" if where else type(error).__name__
        raise ManifestError(f"'{path}' cannot be read as CSV ({detail}); save it again as 'CSV UTF-8'") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes the first column for names of rows, and shifts the others
        raise ManifestError(f"every line of '{path}' has more fields than its first line, which names the columns; correct it")
    for name in table.columns[table.dtypes == "str"]:
        stripped = table[name].str.strip()
        table[name] = stripped.mask(stripped == "")
    return table


def _first_line(path: Path) -> tuple[str, str]:
    """The encoding that the file's first bytes tell, and its first line."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        encoding = "utf-16" if stream.read(2) in UTF_16 else "utf-8-sig"
    with gzip.open(path, "rt", encoding=encoding) if path.suffix == ".gz" else path.open(encoding=encoding) as lines:
        return encoding, lines.readline()


def line_of(wrong: pd.Series) -> int:
    """The first line of a table where something is wrong (N,); the names of the columns are line 1."""
    return int(wrong.to_numpy().argmax()) + 2


def read_list(path: Path) -> list[str]:
    """The words of a text file: UTF-8, or UTF-16 with its mark.

    Raises:
        ManifestError: it cannot be read.
    """
    try:
        return path.read_text(encoding=_first_line(path)[0]).split()
    except (UnicodeError, OSError) as error:
        raise ManifestError(f"'{path}' cannot be read as text ({type(error).__name__}); get it again") from error


def need_columns(table: pd.DataFrame, path: Path, *names: str) -> None:
    """Refuses a table that lacks a column."""
    missing = [name for name in names if name not in table.columns]
    if missing:
        needed = f"it needs {', '.join(names)}" if len(missing) < len(names) else "its first line must name them"
        raise ManifestError(f"'{path}' lacks the column(s) {', '.join(missing)}; {needed}")


def find_one(folders: Iterable[Path], *patterns: str) -> Path | None:
    """The first file that fits, in the order of the patterns, then of the folders, then of names."""
    there = [folder for folder in folders if folder.is_dir()]
    fits = (path for pattern in patterns for folder in there for path in sorted(folder.glob(pattern)) if path.is_file())
    return next(fits, None)


def folders_in(folder: Path) -> list[Path]:
    """The folders directly in one, in the order of names, without what archives and desktops leave behind."""
    return sorted(path for path in folder.glob("*") if path.is_dir() and not path.name.startswith((".", "__")))


def pictures(folder: Path) -> list[Path]:
    """The files at any depth that may be pictures, in the order of names, without what archives and desktops leave behind.

    Links to folders are followed, as large data sets are often linked to; a folder that is met again is not.
    """
    found: list[Path] = []
    met: set[tuple[int, int]] = set()
    for top, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith(HIDDEN) and _is_new(Path(top, name), met))
        paths = (Path(top, name) for name in names if not name.startswith(HIDDEN))
        found += [path for path in paths if _may_be_picture(path.suffix.lower()) and path.is_file()]
    return sorted(found)


def _is_new(folder: Path, met: set[tuple[int, int]]) -> bool:
    there = folder.stat()
    known = len(met)
    met.add((there.st_dev, there.st_ino))
    return len(met) > known


def _may_be_picture(suffix: str) -> bool:
    return suffix in SUFFIXES or suffix in UNREAD or suffix[1:].isdigit()


def by_stem(root: Path) -> dict[str, str]:
    """Paths relative to the root of all its pictures, by their names without suffix."""
    return {path.stem: path.relative_to(root).as_posix() for path in reversed(pictures(root))}


def splits(groups: Iterable[str], given: Iterable[str | None], seed: int) -> list[str]:
    """A split for every row: the source's own where there is one, and the missing ones decided by group.

    Where the source keeps a test set but no validation set, that is made from its training set.
    """
    rows = list(zip(groups, given, strict=True))
    named = {split for _, split in rows if split is not None}
    if not named:
        return [split_of(group, seed) for group, _ in rows]
    if "val" in named or "test" not in named:
        return [split or split_of(group, seed) for group, split in rows]
    return [train_or_val(group, seed) if split in ("train", None) else str(split) for group, split in rows]
