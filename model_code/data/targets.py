"""Where a data set may be written: it replaces what is there, so that must be nobody's only copy of anything."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from model_code.data.resumable import JOB
from model_code.errors import UsageError
from model_code.files import check_replaceable

MARK: Final = "manifest*.parquet"
"""What every data set holds."""


def check_target(out: Path, *sources: Path | None) -> None:
    """Refuses a folder to replace that holds something else than a data set, or that overlaps what is read.

    Args:
        out: the folder to make.
        sources: files and folders that are read; None where there is none.

    Raises:
        UsageError: the message names the folder and what to do.
    """
    if out.name in ("", ".."):
        raise UsageError(f"'{out}' is no name for a folder to make; give --out one, for example --out data")
    target = out.resolve()
    for source in filter(None, sources):
        there = source.resolve()
        if there.is_relative_to(target):
            raise UsageError(f"'{out}' holds the source '{source}' and would be replaced as a whole; choose another --out")
        if target.is_relative_to(there):
            raise UsageError(f"'{out}' lies in the source '{source}' and would be read as part of it; choose another --out")
    if not (out / JOB).is_file():
        check_replaceable(out, MARK)
