"""A pipeline and its runs for people: the graph of its steps, and a table of what came of them.

For a ``plain_console``: what people and logs say stands in them as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from model_code.pipeline.definition import Step, steps_of
from model_code.pipeline.literal import Json
from model_code.pipeline.record import RunRecord, State
from model_code.registry import ModelPackage, Status

COLOURS = {State.SUCCEEDED: "green", State.FAILED: "red", State.STOPPED: "yellow", State.NOT_EXECUTED: "dim"}
DECIDED = {Status.APPROVED: "green", Status.REJECTED: "red", Status.PENDING: "yellow"}


def graph(name: str, definition: Json) -> Tree:
    """Parameters with their defaults, and steps with what they wait for and run on."""
    tree = Tree(Text(name, style="bold"))
    parameters = tree.add("parameters")
    for parameter in definition.get("Parameters", ()):
        parameters.add(f"{parameter['Name']} = {parameter.get('DefaultValue', '(to be given)')!r}")
    _grow(tree.add("steps"), steps_of(definition["Steps"]))
    return tree


def _grow(tree: Tree, steps: Sequence[Step]) -> None:
    for step in steps:
        after = f" after {', '.join(sorted(step.waits_for))}" if step.waits_for else ""
        branch = tree.add(Text.assemble((step.name, "bold"), f" ({step.type}{_machine(step)}){after}"))
        for title, key in (("if it holds", "IfSteps"), ("otherwise", "ElseSteps")):
            if step.arguments.get(key):
                _grow(branch.add(title), steps_of(step.arguments[key]))


def _machine(step: Step) -> str:
    cluster = step.arguments.get("ProcessingResources", {}).get("ClusterConfig") or step.arguments.get("ResourceConfig")
    if not cluster:
        return ""
    kind = cluster["InstanceType"]
    return f" on {kind['Get'] if isinstance(kind, dict) else kind}"


def table(run: RunRecord) -> Table:
    """Steps of a run with state, time and, where one failed, the reason."""
    seconds = sum(step.seconds for step in run.steps.values())
    shown = Table(title=f"{run.pipeline}, run {run.id}: {run.state.value} ({seconds:.0f} s)", title_justify="left")
    shown.add_column("step")
    shown.add_column("type")
    shown.add_column("state")
    shown.add_column("seconds", justify="right")
    shown.add_column("what came of it", overflow="fold")
    for name, step in run.steps.items():
        colour = COLOURS.get(step.state, "default")
        seconds_text = "" if step.state is State.NOT_EXECUTED else f"{step.seconds:.1f}"
        shown.add_row(name, step.type, Text(step.state.value, style=colour), seconds_text, step.said)
    return shown


def versions(packages: Sequence[ModelPackage]) -> Table:
    """Model versions with who decided what about them."""
    shown = Table(title="registered models", title_justify="left")
    for column in ("version", "status", "macro AUROC", "registered", "model", "evidence", "decided by", "why"):
        shown.add_column(column, overflow="fold")
    for package in packages:
        colour, macro = DECIDED[package.status], package.metrics.get("macro_auroc")
        figure = f"{macro['value']:.3f} ({macro['low']:.3f} to {macro['high']:.3f})" if macro else ""
        last = package.decisions[-1] if package.decisions else None
        shown.add_row(
            package.name,
            Text(package.status.value, style=colour),
            figure,
            package.registered,
            package.model_sha256[:12],
            (package.evidence_sha256 or "none")[:12],
            f"{last.by}, {last.at}" if last else "",
            last.why if last else "",
        )
    return shown
