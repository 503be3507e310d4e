"""Progress for people, on standard error: a bar on a terminal, a line at every quarter in a log."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")


def plain_console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A console for words of people and of data: ``[brackets]`` and ``:colons:`` in them are no markup, and stay as they are."""
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


console = plain_console(stderr=True)


def track(items: Iterable[T], what: str, *, total: int) -> Iterator[T]:
    """Yields the items and shows how many of ``total`` are done and how long the rest will take."""
    if console.is_terminal:
        columns = (
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bar:
            yield from bar.track(items, total=total, description=what)
        return
    started, next_line = time.monotonic(), 1
    for done, item in enumerate(items, start=1):
        yield item
        if done * 4 >= next_line * total:
            console.print(f"{what}: {done}/{total} ({time.monotonic() - started:.0f} s)")
            next_line = done * 4 // total + 1
