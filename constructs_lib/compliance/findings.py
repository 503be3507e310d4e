"""What the packs, HIPAA.Security and our own, say of what was synthesized, stack by stack."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Stack, Stage
from cdk_nag import HIPAASecurityChecks
from rich.table import Table

from constructs_lib.compliance.accepted import PACK as HIPAA
from constructs_lib.compliance.checks.rule import PACK, judge
from constructs_lib.compliance.checks.synthesized import Assembly, read
from constructs_lib.compliance.overread_checks import RULES


@dataclass(frozen=True)
class Finding:
    """One rule that one resource breaks."""

    rule: str
    """With its pack: ``HIPAA.Security-S3BucketLoggingEnabled``."""
    path: str
    """Of the construct."""
    stack: str
    problem: str
    accepted: str | None
    """The reason, of a finding that somebody acknowledged."""


@dataclass(frozen=True)
class StackFindings:
    """One stack: its resources, and the findings on them that were not and that were accepted."""

    stack: str
    resources: int
    findings: int
    acknowledged: int


@dataclass(frozen=True)
class Report:
    """What was synthesized, and everything that both packs find in it, accepted or not."""

    assemblies: list[Assembly]
    findings: list[Finding]

    def stacks(self) -> list[StackFindings]:
        """The counts, in the order of deployment."""
        resources = Counter(resource.stack for assembly in self.assemblies for resource in assembly.resources)
        unsettled = Counter(finding.stack for finding in self.findings if finding.accepted is None)
        accepted = Counter(finding.stack for finding in self.findings if finding.accepted is not None)
        return [StackFindings(stack, count, unsettled[stack], accepted[stack]) for stack, count in resources.items()]

    def acknowledgements(self) -> str:
        """The rules that findings were accepted of, and on how many constructs each, on one line."""
        rules = Counter(finding.rule.partition("-")[2] for finding in self.findings if finding.accepted is not None)
        return "acknowledged, each on one construct with reason, owner and date in constructs_lib/compliance/accepted.py: " + (
            ", ".join(f"{rule} ({count})" for rule, count in rules.items()) or "none"
        )


def examine(stage: Stage) -> Report:
    """Runs both packs on a stage, or on an application with all of its stages, and synthesizes it before, if nobody has."""
    if not _templates(stage):
        stage.synth()
    assemblies = read(_templates(stage))
    stacks = {resource.path: resource.stack for assembly in assemblies for resource in assembly.resources}
    reasons = {key: reason for assembly in assemblies for key, reason in assembly.acknowledged.items()}
    found = [
        Finding(rule, path, stacks.get(path, ""), problem, reasons.get((path, f"{pack}::{rule}")))
        for pack, rule, path, problem in (*_hipaa(stage), *_ours(assemblies))
    ]
    return Report(assemblies, found)


def _templates(stage: Stage) -> list[Path]:
    """Those of the stacks in the stage, and in the stages in it; what an earlier synthesis left in the folder is not ours.

    By name from the folder: an application whose synthesis failed for a finding has left its templates there all the same.
    """
    files = []
    for child in stage.node.children:
        if isinstance(child, Stage):
            files += _templates(child)
        elif isinstance(child, Stack):
            files.append(Path(stage.outdir) / child.template_file)
    return [file for file in files if file.is_file()]


def _hipaa(stage: Stage) -> Iterator[tuple[str, str, str, str]]:
    for violation in HIPAASecurityChecks(stage).validate_scope(stage).violations:
        for resource in violation.violating_resources:
            yield HIPAA, violation.rule_name, resource.construct_path or "", violation.description


def _ours(assemblies: list[Assembly]) -> Iterator[tuple[str, str, str, str]]:
    for result in (result for assembly in assemblies for result in judge(RULES, assembly)):
        if result.wrong:
            yield PACK, result.rule.id, result.resource.path, "; ".join(result.wrong)


def failures(assembly: Path) -> Iterator[str]:
    """One line for each error of the checks that synthesis ran (HIPAA's, ours, CloudFormation's), from the report it left.

    The CDK CLI reports errors of the stacks that it was asked for, by default those outside any stage: for a platform that
    stands in a stage, none. So the application itself has to say, and to fail.
    """
    report = assembly / "validation-report.json"
    plugins = json.loads(report.read_text(encoding="utf-8"))["pluginReports"] if report.is_file() else []
    for plugin in plugins:
        if plugin["conclusion"] == "failure":
            if not plugin["violations"]:
                yield f"{plugin['pluginName']}: {(plugin.get('metadata') or {}).get('error', 'failed without saying why')}"
            for found in plugin["violations"]:
                for construct in found["violatingConstructs"]:
                    yield f"{found['ruleName']} on {construct['constructPath']}: {found['description']}"


def table(rows: list[StackFindings]) -> Table:
    """The counts for people, with their sums."""
    shown = Table(title=f"{HIPAA} and {PACK} checks", title_justify="left", show_footer=True)
    shown.add_column("stack", footer="all")
    for name in ("resources", "findings", "acknowledged"):
        shown.add_column(name, footer=str(sum(getattr(row, name) for row in rows)), justify="right")
    for row in rows:
        shown.add_row(row.stack, str(row.resources), str(row.findings), str(row.acknowledged))
    return shown
