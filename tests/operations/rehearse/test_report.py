"""The tables say how many of each, and why something is not there."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from operations.rehearse.exercises import Outcome
from operations.rehearse.inventory import Inventory, State
from operations.rehearse.report import exercises_table, explanations, types_table
from tests.operations.rehearse.deployed import found

INVENTORY = Inventory(
    (
        found("AWS::SQS::Queue", "q"),
        found("AWS::SQS::Queue", "r"),
        found("AWS::Budgets::BudgetsAction", "a", State.ACCEPTED, "the emulator has no CreateBudgetAction"),
        found("AWS::SageMaker::Endpoint", None, State.LEFT_OUT, "Approved"),
    ),
    ("AWS::S3::Bucket: a setting is left out",),
)


def rows(table: Table) -> list[list[str]]:
    console = Console(width=120)
    with console.capture() as shown:
        console.print(table)
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.get().splitlines() if line.startswith("│")]


def test_a_line_a_type_and_their_sum() -> None:
    assert rows(types_table(INVENTORY)) == [
        ["AWS::Budgets::BudgetsAction", "-", "1", "-", "-"],
        ["AWS::SQS::Queue", "2", "-", "-", "-"],
        ["AWS::SageMaker::Endpoint", "-", "-", "-", "1"],
        ["3 types", "2", "1", "-", "1"],
    ]


def test_a_reason_for_what_is_missing_and_none_for_what_a_condition_leaves_out() -> None:
    assert explanations(INVENTORY) == [
        "AWS::Budgets::BudgetsAction: the emulator has no CreateBudgetAction",
        "AWS::S3::Bucket: a setting is left out",
    ]


def test_a_line_an_exercise() -> None:
    assert rows(exercises_table([Outcome("an approval", "done", "Released", 3.26)])) == [
        ["an approval", "done", "3.3", "Released"]
    ]
    assert rows(exercises_table([Outcome("an approval", "failed", "no [/role]", 1.0)]))[0][-1] == "no [/role]"
