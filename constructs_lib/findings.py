"""What the HIPAA checks say of a synthesized stage, stack by stack."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Stack, Stage
from cdk_nag import HIPAASecurityChecks
from rich.table import Table

from constructs_lib.compliance import ACCEPTED


@dataclass(frozen=True)
class StackFindings:
    """One stack: its resources, and the findings on them that were not and that were accepted."""

    stack: str
    resources: int
    findings: int
    acknowledged: int


def findings(stage: Stage) -> list[StackFindings]:
    """Runs the checks on a stage and counts, in the stage's order."""
    report = HIPAASecurityChecks(stage).validate_scope(stage)
    paths = [resource.construct_path or "" for found in report.violations for resource in found.violating_resources]
    open_findings = Counter(path.removeprefix(f"{stage.node.path}/").split("/")[0] for path in paths)
    accepted = Counter(entry.construct.split("/")[0] for entry in ACCEPTED)
    templates = {artifact.stack_name: artifact.template for artifact in stage.synth().stacks}
    return [
        StackFindings(
            stack=stack.stack_name,
            resources=len(templates[stack.stack_name]["Resources"]),
            findings=open_findings[stack.node.id],
            acknowledged=accepted[stack.node.id],
        )
        for stack in stage.node.children
        if isinstance(stack, Stack)
    ]


def failures(assembly: Path) -> Iterator[str]:
    """One line for each error of the checks that synthesis ran (HIPAA's and CloudFormation's own), from the report it left.

    The CDK CLI reports errors of the stacks that it was asked for, by default those outside any stage: for a platform that
    stands in a stage, none. So the application itself has to say, and to fail.
    """
    report = assembly / "validation-report.json"
    plugins = json.loads(report.read_text(encoding="utf-8"))["pluginReports"] if report.is_file() else []
    for plugin in plugins:
        if plugin["conclusion"] == "failure":
            for found in plugin["violations"]:
                for construct in found["violatingConstructs"]:
                    yield f"{found['ruleName']} on {construct['constructPath']}: {found['description']}"


def table(rows: list[StackFindings]) -> Table:
    """The counts for people, with their sums."""
    shown = Table(title="HIPAA.Security checks", title_justify="left", show_footer=True)
    shown.add_column("stack", footer="all")
    for name in ("resources", "findings", "acknowledged"):
        shown.add_column(name, footer=str(sum(getattr(row, name) for row in rows)), justify="right")
    for row in rows:
        shown.add_row(row.stack, str(row.resources), str(row.findings), str(row.acknowledged))
    return shown


def acknowledgements() -> str:
    """The accepted rules and on how many constructs each, on one line."""
    rules = Counter(entry.rule for entry in ACCEPTED)
    return "acknowledged, each on one construct with its reason in constructs_lib/compliance.py: " + ", ".join(
        f"{rule} ({count})" for rule, count in rules.items()
    )
