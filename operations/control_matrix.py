"""The control matrix: safeguard → rule → resource → result, all of it read from what was synthesized and from the packs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from constructs_lib.compliance.accepted import EXPLAINED
from constructs_lib.compliance.checks.rule import judge
from constructs_lib.compliance.checks.synthesized import Resource
from constructs_lib.compliance.findings import Finding, Report
from constructs_lib.compliance.overread_checks import RULES
from operations.hipaa_pack import PackRule, hipaa_rules
from operations.safeguards import SAFEGUARDS, Safeguard, safeguard_of


class Result(StrEnum):
    """What is known of one resource, or of none, under a safeguard."""

    COMPLIES = "complies"
    ACKNOWLEDGED = "acknowledged"
    FINDING = "finding"
    PRESENT = "present"
    """It serves the safeguard, and no rule judges it."""
    OPERATOR = "operator"
    """No template can do it: it is the operator's part alone."""


@dataclass(frozen=True)
class Verdict:
    """What one rule says of one resource. ``note`` is the problem, or the reason why it was accepted."""

    rule: PackRule
    resource: Resource
    result: Result
    note: str = ""

    @property
    def acceptance(self) -> Mapping[str, str]:
        """Reason, control, owner and expiry of what was acknowledged; empty for anything else."""
        explained = EXPLAINED.fullmatch(self.note) if self.result is Result.ACKNOWLEDGED else None
        return explained.groupdict() if explained else {"reason": self.note} if self.result is Result.ACKNOWLEDGED else {}


@dataclass(frozen=True)
class Row:
    """One safeguard with all that serves it."""

    safeguard: Safeguard
    verdicts: tuple[Verdict, ...]
    present: tuple[Resource, ...]

    @property
    def rules(self) -> list[PackRule]:
        """Each once, in the order of the verdicts."""
        return list({verdict.rule.id: verdict.rule for verdict in self.verdicts}.values())

    def count(self, result: Result) -> int:
        """Verdicts of that kind."""
        return sum(verdict.result is result for verdict in self.verdicts)


def all_rules() -> tuple[PackRule, ...]:
    """Those of both packs; their safeguards exist.

    Raises:
        LookupError: a rule names a paragraph that ``safeguards.py`` does not have.
    """
    rules = (*hipaa_rules(), *(PackRule(rule.id, rule.demand, rule.safeguards, rule.types) for rule in RULES))
    for rule in rules:
        for paragraph in rule.safeguards:
            safeguard_of(paragraph)
    return rules


def verdicts(report: Report) -> list[Verdict]:
    """Every rule on every resource that it looked at.

    The HIPAA pack tells findings alone, so there a resource of a type that a rule looks at complies when nothing was found.

    Raises:
        LookupError: a finding is of a rule, or on a resource, that the packs' lists do not have.
    """
    rules = {rule.id: rule for rule in all_rules()}
    findings = {(finding.rule, finding.path): finding for finding in report.findings}
    looked_at = {rule.id: list(_looked_at(rule, report)) for rule in rules.values()}
    made = [
        _verdict(rules[name], resource, findings.get((name, resource.path)))
        for name, resources in looked_at.items()
        for resource in resources
    ]
    missing = findings.keys() - {(verdict.rule.id, verdict.resource.path) for verdict in made}
    if missing:
        raise LookupError(f"findings that no rule's list of resources has: {sorted(missing)}; see operations/hipaa_pack.py")
    return made


def _looked_at(rule: PackRule, report: Report) -> Iterator[Resource]:
    ours = [one for one in RULES if one.id == rule.id]
    for assembly in report.assemblies:
        if ours:
            yield from (result.resource for result in judge(ours, assembly))
        else:
            yield from assembly.of_type(*rule.types)


def _verdict(rule: PackRule, resource: Resource, finding: Finding | None) -> Verdict:
    if finding is None:
        return Verdict(rule, resource, Result.COMPLIES)
    if finding.accepted is None:
        return Verdict(rule, resource, Result.FINDING, finding.problem)
    return Verdict(rule, resource, Result.ACKNOWLEDGED, finding.accepted)


def matrix(report: Report) -> list[Row]:
    """One row for each safeguard, also for those that are the operator's part alone."""
    every = verdicts(report)
    resources = [resource for assembly in report.assemblies for resource in assembly.resources]
    return [
        Row(
            safeguard,
            tuple(v for v in every if safeguard in map(safeguard_of, v.rule.safeguards)),
            tuple(resource for resource in resources if resource.type in safeguard.brings),
        )
        for safeguard in SAFEGUARDS
    ]
