"""The report of ``prepare`` as one page for people, with pictures of what leaks. It stays with the data, as the films do."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from PIL import Image

from model_code.data.images import LIMITS, decode
from model_code.data.transforms import to_model_input
from model_code.errors import ImageError

SIDE: Final = 160
"""Of a picture on the page, in pixels: enough to see that two are one, too few to read a name that is burned in."""
MOST_ROWS: Final = 200
STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b }
table { border-collapse: collapse; margin: 1rem 0 } td, th { border: 1px solid #bbb; padding: .3rem .7rem; text-align: left }
td.n { text-align: right; font-variant-numeric: tabular-nums } figure { display: inline-block; margin: 0 1.5rem 1.5rem 0 }
img { background: #000; width: 160px; height: 160px } .refused { border-left: .4rem solid #a40000; padding-left: 1rem }
"""


@dataclass(frozen=True)
class Pair:
    """Two pictures in two splits that should be in one; ``row`` is the first one's in the manifest."""

    row: int
    numbers: tuple[int, int]
    splits: tuple[str, str]
    paths: tuple[Path, Path]
    numbered: str


def page(report: dict[str, Any], pairs: list[Pair]) -> str:
    """HTML that needs nothing from elsewhere."""
    body = [f"<h1>Preparation of data for {escape(str(report['task']))}</h1>"]
    if "refused" in report:
        body.append(f'<p class="refused"><strong>Refused:</strong> {escape(report["refused"])}. No data set was written.</p>')
    body += [f"<p>{escape(note)}</p>" for note in report.get("notes", ())]
    body += [
        _table(title, heading, report.get(key, {}))
        for title, heading, key in (
            ("Films", "split", "splits"),
            ("Findings", "label", "films_with"),
            ("Not taken from the source", "reason", "left_out"),
            ("Quarantined", "code", "quarantined_by_code"),
        )
    ]
    if pairs:
        body.append(f"<h2>Pictures in two splits ({len(pairs)} examples)</h2>")
        body += [_figure(pair) for pair in pairs]
    body.append(_quarantine(report))
    title = "<title>Preparation of data</title>"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{title}<style>{STYLE}</style>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(filter(None, body)) + "\n</body></html>\n"
    )


def _table(title: str, heading: str, counts: dict[str, int]) -> str:
    if not any(counts.values()):
        return ""
    rows = "".join(f'<tr><td>{escape(str(name))}</td><td class="n">{count:,}</td></tr>' for name, count in counts.items())
    return f"<h2>{title}</h2><table><tr><th>{heading}</th><th>films</th></tr>{rows}</table>"


def _figure(pair: Pair) -> str:
    pictures = "".join(
        f'<img src="{_picture(path)}" alt="{escape(pair.numbered)} {number}, {split}"> '
        for path, number, split in zip(pair.paths, pair.numbers, pair.splits, strict=True)
    )
    says = " and ".join(f"{number} ({escape(split)})" for number, split in zip(pair.numbers, pair.splits, strict=True))
    return f"<figure>{pictures}<figcaption>{escape(pair.numbered)} {says}</figcaption></figure>"


def _picture(path: Path) -> str:
    """A small picture as a data address; a grey one where it cannot be read."""
    try:
        with path.open("rb") as stream:
            pixels = decode(stream.read(LIMITS.max_bytes + 1)).pixels
        small = Image.fromarray(to_model_input(pixels, SIDE, 3).transpose(1, 2, 0))
    except (OSError, ImageError):
        small = Image.new("RGB", (SIDE, SIDE), "grey")
    buffer = io.BytesIO()
    small.save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _quarantine(report: dict[str, Any]) -> str:
    entries = report.get("quarantined", [])
    if not entries:
        return ""
    rows = "".join(
        f'<tr><td class="n">{entry["line"]}</td><td>{escape(entry["code"])}</td><td>{escape(entry["detail"])}</td></tr>'
        for entry in entries[:MOST_ROWS]
    )
    more = f"<p>and {len(entries) - MOST_ROWS:,} more, in the JSON file</p>" if len(entries) > MOST_ROWS else ""
    heading = f"<tr><th>{escape(report['numbered_by'])}</th><th>code</th><th>reason</th></tr>"
    return f"<h2>Quarantined, one by one</h2><table>{heading}{rows}</table>{more}"
