"""What every source answers, and what several of them need to read theirs.

Messages name lines of tables and places in lists, never files or folders below the root: those can hold a patient's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import pandas as pd

from model_code.data.split import split_of, train_or_val
from model_code.errors import ManifestError
from model_code.tasks import TaskSpec

SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".dcm", ".dicom", ""})
"""Of files that may be pictures; the decoder looks at what is inside."""


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
    """A table whose names stay text (``007`` is not 7); ``.tab`` files may be separated by tabs."""
    text = {"image": str, "group": str, "lesion_id": str, "image_id": str, "SOPInstanceUID": str}
    try:
        return pd.read_csv(
            path, dtype=text, sep=None if path.suffix == ".tab" else ",", engine="python" if path.suffix == ".tab" else "c"
        )
    except (ValueError, OSError) as error:  # pandas' parser errors are ValueErrors
        raise ManifestError(f"'{path}' cannot be read as CSV ({type(error).__name__})") from error


def need_columns(table: pd.DataFrame, path: Path, *names: str) -> None:
    """Refuses a table that lacks a column."""
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise ManifestError(f"'{path}' lacks the column(s) {', '.join(missing)}; it needs {', '.join(names)}")


def find_one(folders: Iterable[Path], *patterns: str) -> Path | None:
    """The first file that fits, in the order of the patterns, then of the folders, then of names."""
    there = [folder for folder in folders if folder.is_dir()]
    fits = (path for pattern in patterns for folder in there for path in sorted(folder.glob(pattern)) if path.is_file())
    return next(fits, None)


def pictures(folder: Path) -> Iterator[Path]:
    """The files at any depth that may be pictures, in the order of names, without what archives and desktops leave behind."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(part.startswith((".", "__MACOSX")) for part in inside.parts):
            continue
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield path


def by_stem(root: Path) -> dict[str, str]:
    """Paths relative to the root of all its pictures, by their names without suffix."""
    return {path.stem: path.relative_to(root).as_posix() for path in reversed(list(pictures(root)))}


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
