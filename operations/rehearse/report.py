"""The tables at the end."""

from __future__ import annotations

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from operations.rehearse.exercises import Outcome
from operations.rehearse.inventory import Inventory, State

NOTHING = "[dim]-[/]"


def types_table(inventory: Inventory) -> Table:
    """A line a type: how many resources the service finds, how many stand on paper alone, how many were passed over."""
    table = Table(title="Resource types", title_justify="left")
    table.add_column("type", no_wrap=True)
    for state in State:
        table.add_column(state.value, justify="right")
    counts = inventory.counts()
    for type, count in counts.items():
        table.add_row(type, *(_number(count[state]) for state in State))
    table.add_section()
    table.add_row(f"{len(counts)} types", *(_number(sum(count[state] for count in counts.values())) for state in State))
    return table


def explanations(inventory: Inventory) -> list[str]:
    """A line for each reason why something is not created, or not as a whole."""
    made = (State.CREATED, State.LEFT_OUT)
    reasons = {f"{found.type}: {found.why}" for found in inventory.resources if found.state not in made}
    return [*sorted(reasons), *inventory.dropped]


def exercises_table(outcomes: Iterable[Outcome]) -> Table:
    """A line an exercise."""
    table = Table(title="Exercises", title_justify="left")
    table.add_column("exercise", no_wrap=True)
    table.add_column("result")
    table.add_column("seconds", justify="right")
    table.add_column("seen", overflow="fold")
    for outcome in outcomes:
        table.add_row(outcome.name, outcome.result, f"{outcome.seconds:.1f}", escape(outcome.detail))
    return table


def _number(count: int) -> str:
    return str(count) if count else NOTHING
