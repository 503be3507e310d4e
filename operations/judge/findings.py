"""What judges find, and which of it is accepted: ``judgements.toml``, each entry narrow and with its reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from constructs_lib.errors import ConfigurationError

ERROR: Final = "error"
WARNING: Final = "warning"


@dataclass(frozen=True, order=True)
class Finding:
    """One judge's word on one resource of one environment."""

    judge: str
    rule: str
    resource: str
    """Construct path below the stage, so that one entry accepts it in every environment."""
    message: str = field(compare=False)
    environment: str = field(compare=False)
    level: str = field(default=ERROR, compare=False)


@dataclass(frozen=True)
class Judgement:
    """An accepted finding. ``*`` in ``rule`` and ``resource`` stands for any text; nothing else is special."""

    judge: str
    rule: str
    resource: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this entry speaks of that finding."""
        return self.judge == finding.judge and _matches(self.rule, finding.rule) and _matches(self.resource, finding.resource)


@dataclass(frozen=True)
class Verdict:
    """Findings sorted by what to do about them."""

    open: Sequence[Finding]
    accepted: Sequence[Finding]
    warnings: Sequence[Finding]
    stale: Sequence[Judgement]
    """Entries that cover nothing any more."""


def read_judgements(file: Path) -> list[Judgement]:
    """The accepted findings of a file.

    Raises:
        ConfigurationError: an entry lacks something, or is as wide as everything.
    """
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8")).get("accepted", [])
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file.name} is not TOML: {error}; correct the line") from error
    return [judgement for entry in entries for judgement in _judgements(file.name, entry)]


def verdict(findings: Iterable[Finding], judgements: Sequence[Judgement]) -> Verdict:
    """Sorts findings into open, accepted and warnings, and names the entries that covered none."""
    used: set[Judgement] = set()
    opened, accepted, warnings = [], [], []
    for finding in sorted(findings):
        covering = [judgement for judgement in judgements if judgement.covers(finding)]
        used.update(covering)
        if covering:
            accepted.append(finding)
        elif finding.level == ERROR:
            opened.append(finding)
        else:
            warnings.append(finding)
    return Verdict(opened, accepted, warnings, [judgement for judgement in judgements if judgement not in used])


def lines(findings: Iterable[Finding]) -> list[str]:
    """One line for each finding, however many environments it is in."""
    where: dict[Finding, list[str]] = {}
    for finding in findings:
        environments = where.setdefault(finding, [])
        if finding.environment not in environments:
            environments.append(finding.environment)
    return [
        f"{finding.judge}  {finding.rule}  {finding.resource} ({', '.join(sorted(environments))}): {finding.message}"
        for finding, environments in where.items()
    ]


def _judgements(file: str, entry: dict[str, object]) -> list[Judgement]:
    """An entry as written: ``rules`` and ``resources`` may be several, which share one reason."""
    missing = [name for name in ("judge", "rules", "resources", "reason") if not entry.get(name)]
    unknown = sorted(set(entry) - {"judge", "rules", "resources", "reason"})
    if missing or unknown:
        raise ConfigurationError(
            f"{file}: the entry {entry} lacks {missing} and has unknown {unknown}; needed: judge, rules, resources, reason"
        )
    rules, resources = entry["rules"], entry["resources"]
    if not isinstance(rules, list) or not isinstance(resources, list):
        raise ConfigurationError(f'{file}: rules and resources of {entry["judge"]} must be lists of texts; use ["..."]')
    wide = [text for text in [*rules, *resources] if not re.search(r"[A-Za-z0-9]{2}", text)]
    if wide:
        raise ConfigurationError(f"{file}: {entry['judge']} accepts {wide}, that is everything; name the rule and the resource")
    return [Judgement(str(entry["judge"]), rule, resource, str(entry["reason"])) for rule in rules for resource in resources]


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None
