"""``overread deidentify``: from films as they come to films that name nobody.

Every file below a folder is a film, or a zip archive of films. What cannot be read stays behind, and the report says why; it
names files by their content, since a file's name can hold a patient's. It says too where text was painted over in which film.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from model_code.cpus import usable_cpus
from model_code.data.burned_in_text import Region
from model_code.data.clean_table import CleanTable, read_clean
from model_code.data.deidentify import deidentify_film
from model_code.data.images import LIMITS
from model_code.data.pseudonyms import Pseudonyms
from model_code.errors import ImageError, UsageError
from model_code.files import atomic_folder, check_replaceable, write_json
from model_code.progress import track
from model_code.tasks import TaskSpec

TABLE: Final = "manifest.csv"
REPORT: Final = "deidentification.json"
ARCHIVE: Final = b"PK\x03\x04"
"""How a zip archive begins."""


@dataclass(frozen=True)
class Source:
    """A file, or a member of an archive."""

    path: Path
    member: zipfile.ZipInfo | None = None

    def read(self) -> bytes:
        """The bytes, at most one more than the decoder reads."""
        if self.member is None:
            with self.path.open("rb") as stream:
                return stream.read(LIMITS.max_bytes + 1)
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                return stream.read(LIMITS.max_bytes + 1)
        except Exception as error:  # of many types for a damaged one, each of the method that packed it; also: encrypted
            raise ImageError("damaged_archive", f"the archive's member cannot be read ({type(error).__name__})") from None


@dataclass(frozen=True)
class Outcome:
    """What became of a source: the clean film's path, or why there is none."""

    source: Source
    sha256: str
    name: str | None = None
    painted: tuple[Region, ...] = ()
    error: ImageError | None = None


def deidentify(spec: TaskSpec, *, root: Path, out: Path, pseudonyms: Pseudonyms, report: Path | None = None) -> dict[str, Any]:
    """Writes ``out`` (films, the table if there is one) as a whole or not at all, and returns the report.

    Args:
        spec: the task; its labels are the columns of a table that stay.
        root: the films, in any folders; ``manifest.csv`` directly in it is the table of ``prepare``.
        out: the folder to make.
        pseudonyms: who gets which name.
        report: where ``deidentification.json`` goes; None puts it into ``out``.

    Raises:
        UsageError: there is no file below ``root``, or ``out`` lies in it or holds something else.
        ManifestError: the table is refused, see ``clean_table.read_clean``; no film was read then.
    """
    check_replaceable(out, REPORT if report is None else "films")
    sources = list(_sources(root, out))
    table = read_clean(root / TABLE, spec, pseudonyms) if (root / TABLE).is_file() else None
    with atomic_folder(out) as folder:
        (folder / "films").mkdir()
        with ThreadPoolExecutor(usable_cpus()) as pool:
            done = pool.map(lambda source: _clean(source, folder, pseudonyms), sources)
            outcomes = list(track(done, "de-identify films", total=len(sources)))
        result = {
            "task": spec.task.value,
            "films": len({outcome.name for outcome in outcomes if outcome.name}),
            "files": len(sources),
            "painted": [
                {"film": name, "regions": [asdict(region) for region in regions]}
                for name, regions in sorted({o.name: o.painted for o in outcomes if o.name and o.painted}.items())
            ],
            "quarantined": [
                {"sha256": outcome.sha256, "code": outcome.error.code, "detail": outcome.error.detail}
                for outcome in outcomes
                if outcome.error
            ],
            **(_write(table, root, folder, outcomes) if table else {}),
        }
        write_json((report or folder) / REPORT, result)
    return result


def _sources(root: Path, out: Path) -> Iterator[Source]:
    if not root.is_dir():
        raise UsageError(f"no folder at '{root}'; pass the folder that holds the films")
    if out.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"'{out}' lies in '{root}', among the films that name people; choose another folder")
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and path != root / TABLE]
    if not files:
        raise UsageError(f"no file below '{root}'; pass the folder that holds the films")
    for path in files:
        members = _members(path)
        yield from [Source(path)] if members is None else (Source(path, member) for member in members)


def _members(path: Path) -> list[zipfile.ZipInfo] | None:
    """The files in an archive; None where it is none, or none that can be opened."""
    if not zipfile.is_zipfile(path):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return [member for member in archive.infolist() if not member.is_dir()]
    except Exception:  # of many types for a damaged one
        return None


def _clean(source: Source, folder: Path, pseudonyms: Pseudonyms) -> Outcome:
    sha256 = ""
    try:
        data = source.read()
        sha256 = hashlib.sha256(data).hexdigest()
        if source.member is None and data.startswith(ARCHIVE):
            raise ImageError("damaged_archive", "the archive cannot be opened; pack its films again")
        film = deidentify_film(data, pseudonyms)
    except ImageError as error:
        return Outcome(source, sha256, error=error)
    target = folder / film.name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(film.data)
    return Outcome(source, sha256, name=film.name, painted=film.painted)


def _write(table: CleanTable, root: Path, folder: Path, outcomes: list[Outcome]) -> dict[str, int]:
    """The table with the films' new names; rows without a film are left out and counted."""
    names = {o.source.path.relative_to(root).as_posix(): o.name for o in outcomes if o.name and not o.source.member}
    rows = [{**row, "image": names[row["image"]]} for row in table.rows if row["image"] in names]
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, table.columns)
        writer.writeheader()
        writer.writerows(rows)
    return {"rows": len(rows), "rows_without_a_film": len(table.rows) - len(rows)}
