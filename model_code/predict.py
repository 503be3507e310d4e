"""``overread predict``: readings for files and folders, for people (a table, a picture) and programs (JSON lines)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from model_code.data.images import LIMITS
from model_code.errors import ImageError, UsageError
from model_code.files import atomic_file
from model_code.overlay import overlay
from model_code.predictor import Predictor
from model_code.reading import Reading

STYLES = {"present": "bold red", "uncertain": "yellow", "absent": "dim"}


def files_of(paths: list[Path]) -> list[Path]:
    """The files to read: those given, and all (but hidden ones) below the folders given, in a stable order.

    Raises:
        UsageError: a path does not exist, or there is no file below it.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_file():
            files.append(path)
        elif path.is_dir():
            inside = sorted(child for child in path.rglob("*") if child.is_file() and not child.name.startswith("."))
            if not inside:
                raise UsageError(f"the folder '{path}' holds no file; give a DICOM, PNG or JPEG file or a folder of them")
            files.extend(inside)
        else:
            raise UsageError(f"'{path}' does not exist; give a DICOM, PNG or JPEG file or a folder of them")
    return files


def predict(predictor: Predictor, files: list[Path]) -> Iterator[tuple[Path, bytes, Reading]]:
    """A Reading a file, in order. What cannot be read is answered ``not_assessed``, never raised."""
    for path in files:
        with path.open("rb") as stream:
            data = stream.read(LIMITS.max_bytes + 1)  # one byte more is enough to know that it is too much
        yield path, data, predictor.read(data)


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


def write_reading(predictor: Predictor, data: bytes, reading: Reading, folder: Path) -> Path:
    """Writes ``<sha256>.json`` and ``<sha256>.png``: named by the file's content, for a file's own name can hold a patient's."""
    name = hashlib.sha256(data).hexdigest()[:16]
    target = folder / f"{name}.json"
    with atomic_file(target) as temporary:
        temporary.write_text(reading.to_json(indent=2) + "\n", encoding="utf-8")
    write_overlay(predictor, data, reading, folder / f"{name}.png")
    return target


def show(reading: Reading, title: str, console: Console) -> None:
    """Prints one Reading for people."""
    if reading.status == "not_assessed":
        console.print(f"[bold]{title}[/bold]: [yellow]not assessed[/yellow]")
        for reason in reading.reasons:
            console.print(f"  {reason.code}: {reason.detail}", soft_wrap=True)
    else:
        table = Table(
            title=title, title_justify="left", caption="rule-out / rule-in: + at or above the threshold", caption_justify="left"
        )
        table.add_column("finding")
        for heading in ("probability", "decision", "rule-out", "rule-in", "peak (x, y)"):
            table.add_column(heading, justify="right")
        for finding in sorted(reading.findings, key=lambda finding: -finding.probability):
            points = finding.operating_points
            table.add_row(
                finding.label.replace("_", " "),
                f"{finding.probability:.3f}",
                finding.decision,
                "+" if points.rule_out.positive else "-",
                "+" if points.rule_in.positive else "-",
                f"{finding.peak.x:.2f}, {finding.peak.y:.2f}",
                style=STYLES[finding.decision],
            )
        console.print(table)
    console.print(f"[dim]{reading.notice}[/dim]", soft_wrap=True)
