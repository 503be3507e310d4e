"""Small pictures of one shape side by side, as SVG that needs nothing else: curves, reliability, comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

CELL: Final = 150
EDGE: Final = 28
COLUMNS: Final = 5
STYLE: Final = (
    ".panels text{font:11px system-ui,sans-serif;fill:#333}.panels path,.panels line{stroke:#1f5fa8;fill:none;stroke-width:1.3}"
    ".panels .frame{stroke:#bbb;stroke-width:1}.panels .second{stroke:#c2571a}.panels circle{fill:#1f5fa8}"
)

Point = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """One picture in the unit square, x to the right, y up."""

    title: str
    curves: Sequence[Sequence[Point]] = ()
    """At most two; the second is drawn in another colour."""
    bars: Sequence[tuple[float, float, float, float]] = ()
    """x, low, value, high."""


def panels(cells: Sequence[Panel], *, label: str, across: str, diagonal: bool = True) -> str:
    """The pictures as one SVG. ``label`` says to who cannot see them what they are, ``across`` names the horizontal axis."""
    rows = -(-len(cells) // COLUMNS)
    width, height = COLUMNS * (CELL + EDGE) + EDGE, rows * (CELL + 2 * EDGE)
    drawn = "".join(_cell(index, cell, across, diagonal) for index, cell in enumerate(cells))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="panels" role="img" aria-label="{escape(label)}" '
    head += f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    return f'{head}<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>{drawn}</svg>\n'


def _cell(index: int, cell: Panel, across: str, diagonal: bool) -> str:
    row, column = divmod(index, COLUMNS)
    left, bottom = EDGE + column * (CELL + EDGE), EDGE + row * (CELL + 2 * EDGE) + CELL

    def at(point: Point) -> str:
        return f"{left + point[0] * CELL:.1f} {bottom - point[1] * CELL:.1f}"

    frame = f"M{left} {bottom}V{bottom - CELL}H{left + CELL}V{bottom}Z"
    parts = [
        f'<text x="{left}" y="{bottom - CELL - 6}">{escape(cell.title)}</text>',
        f'<path class="frame" d="{frame}{f"L{left + CELL} {bottom - CELL}" if diagonal else ""}"/>',
    ]
    for curve, kind in zip(cell.curves, ("", ' class="second"'), strict=False):
        parts.append(f'<path{kind} d="M{"L".join(at(point) for point in curve)}"/>')
    for x, low, value, high in cell.bars:
        parts.append(f'<path d="M{at((x, low))}L{at((x, high))}"/>')
        across_at, up = at((x, value)).split()
        parts.append(f'<circle cx="{across_at}" cy="{up}" r="2.5"/>')
    axis = bottom + 13
    parts.append(f'<text x="{left}" y="{axis}">0 {escape(across)}</text><text x="{left + CELL - 8}" y="{axis}">1</text>')
    return "".join(parts)
