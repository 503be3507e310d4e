"""Pieces of a page: tables, hashes, and figures with their interval drawn beside them. Text is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from model_code.bundle_info import Interval

BAR: Final = 130
"""Width of a drawn interval."""


class Html(str):
    """Text that is HTML already."""


def text(value: object) -> str:
    """A value as HTML."""
    return value if isinstance(value, Html) else escape(str(value))


def table(caption: str, names: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = ()) -> Html:
    """A table whose first column names its rows; the columns in ``numbers`` are set to the right."""

    def kind(column: int) -> str:
        return ' class="n"' if column in numbers else ""

    head = "".join(f'<th scope="col"{kind(column)}>{escape(name)}</th>' for column, name in enumerate(names))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{text(cell)}</th>' if column == 0 else f"<td{kind(column)}>{text(cell)}</td>"
            for column, cell in enumerate(row)
        )
        + "</tr>\n"
        for row in rows
    )
    return Html(
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}</tbody></table></div>"
    )


def facts(pairs: Iterable[tuple[str, object]]) -> Html:
    """Names and what they stand for."""
    return Html("<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs) + "</dl>")


def code(value: object) -> Html:
    """A hash or a name that is not prose."""
    return Html(f"<code>{escape(str(value))}</code>")


def figure(found: Interval | None, *, signed: bool = False, digits: int = 3) -> str:
    """``0.912 (0.887 to 0.931)``; ``too few films`` where there is none."""
    if found is None:
        return "too few films"
    kind = f"{'+' if signed else ''}.{digits}f"
    value, low, high = (round(part, digits) + 0.0 for part in (found.value, found.low, found.high))  # no "-0.000"
    return f"{value:{kind}} ({low:{kind}} to {high:{kind}})"


def bar(found: Interval | None, *, low: float, high: float, limit: float | None = None) -> Html:
    """A figure as a dot and its interval as a line, on an axis from ``low`` to ``high``; the limit as a line across."""
    if found is None:
        return Html("")

    def at(value: float) -> float:
        return round(4 + (BAR - 8) * min(max((value - low) / (high - low), 0.0), 1.0), 1)

    across = f'<line class="limit" x1="{at(limit)}" x2="{at(limit)}" y1="1" y2="15"/>' if limit is not None else ""
    return Html(
        f'<svg class="bar" viewBox="0 0 {BAR} 16" width="{BAR}" height="16" aria-hidden="true">'
        f'<line class="axis" x1="4" x2="{BAR - 4}" y1="8" y2="8"/>{across}'
        f'<line x1="{at(found.low)}" x2="{at(found.high)}" y1="8" y2="8"/><circle cx="{at(found.value)}" cy="8" r="3.2"/></svg>'
    )
