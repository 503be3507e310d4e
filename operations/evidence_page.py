"""The control matrix as one page: a summary first, then each safeguard, then each rule with the resources that it looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Final

from constructs_lib.compliance.findings import Report
from constructs_lib.compliance.overread_checks import RULES, OverreadChecks
from operations.control_matrix import Result, Row, Verdict
from operations.hipaa_pack import hipaa_rules

STYLE: Final = (Path(__file__).parent / "evidence.css").read_text(encoding="utf-8")
NOTE: Final = (
    "Each row follows from a fresh synthesis of the platform's source. <b>Complies</b>: a rule looked at the resource and found "
    "nothing (the HIPAA pack reports findings alone: there it is every resource of the types that the rule looks at). "
    "<b>Acknowledged</b>: a finding that somebody accepted, with reason, compensating control, owner and date. <b>Present</b>: "
    "it serves the safeguard, and no rule judges it. Rules judge what will be deployed, not how it is used: each safeguard "
    "says what the operator must still do. This page is evidence for an evaluation, not a certificate."
)


def page(environment: str, report: Report, rows: Sequence[Row], made: datetime) -> str:
    """The page as HTML that needs nothing else: no script, no font, no picture."""
    every = list({(v.rule.id, v.resource): v for row in rows for v in row.verdicts}.values())
    parts = [
        f"<h1>Overread, environment {escape(environment)}: HIPAA control matrix</h1>",
        f"<p class=made>Made {made:%Y-%m-%d %H:%M} UTC from Overread {escape(version('overread'))}; packs: HIPAA.Security of "
        f"cdk-nag {escape(version('cdk-nag'))} ({len(hipaa_rules())} rules), Overread {OverreadChecks().version} "
        f"({len(RULES)} rules).</p>",
        *_summary(rows, every),
        *_glance(rows),
        *_accepted(every),
        *_findings(every),
        *_stacks(report),
        "<h2>Safeguards</h2>",
        *(line for row in rows for line in _safeguard(row)),
        "<h2>Rules and the resources that they looked at</h2>",
        *_rules(every),
    ]
    title = f"Overread {escape(environment)}: HIPAA control matrix"
    head = f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title><style>{STYLE}</style></head>"
    return "\n".join([head, "<body>", *parts, "</body></html>", ""])


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Cells are HTML already."""
    yield "<table><thead><tr>" + "".join(f"<th>{name}</th>" for name in names) + "</tr></thead><tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    yield "</tbody></table>"


def _badge(result: Result, count: int) -> str:
    return f"<span class={result.value}>{count}</span>" if count else "<span class=none>·</span>"


def _summary(rows: Sequence[Row], every: Sequence[Verdict]) -> Iterator[str]:
    count = {kind: sum(verdict.result is kind for verdict in every) for kind in Result}
    checked = sum(bool(row.verdicts) for row in rows)
    found = count[Result.FINDING]
    says = f"{found} findings are open: this must not be deployed." if found else "No finding is open."
    yield f"<p class='verdict {'finding' if found else 'complies'}'>{says}</p><div class=figures>"
    for figure, name in (
        (len(rows), "safeguards"),
        (checked, "of them checked by rules"),
        (len({verdict.resource for verdict in every}), "resources checked"),
        (count[Result.COMPLIES], "checks comply"),
        (count[Result.ACKNOWLEDGED], "findings acknowledged"),
        (found, "findings open"),
    ):
        yield f"<div><b>{figure}</b>{name}</div>"
    yield f"</div><p class=note>{NOTE}</p>"


def _glance(rows: Sequence[Row]) -> Iterator[str]:
    kinds = (Result.COMPLIES, Result.ACKNOWLEDGED, Result.FINDING)
    yield "<h2>At a glance</h2>"
    yield from _table(
        ("45 CFR", "safeguard", "kind", "rules", "complies", "acknowledged", "finding", "present"),
        (
            (
                f"<a href='#{row.safeguard.id}'>{row.safeguard.id}</a>",
                escape(row.safeguard.title),
                row.safeguard.kind,
                str(len(row.rules)) if row.rules else "operator",
                *(_badge(kind, row.count(kind)) for kind in kinds),
                _badge(Result.PRESENT, len(row.present)),
            )
            for row in rows
        ),
    )


def _accepted(every: Sequence[Verdict]) -> Iterator[str]:
    accepted = [verdict for verdict in every if verdict.result is Result.ACKNOWLEDGED]
    fields = ("reason", "control", "owner")
    yield f"<h2>Acknowledged findings ({len(accepted)})</h2>"
    yield from _table(
        ("rule", "construct", "reason", "compensating control", "owner", "expires"),
        (
            (
                _rule_link(verdict),
                _code(verdict.resource.path),
                *(escape(verdict.acceptance.get(field, "")) for field in fields),
                f"<time>{escape(verdict.acceptance.get('expires', ''))}</time>",
            )
            for verdict in accepted
        ),
    )


def _findings(every: Sequence[Verdict]) -> Iterator[str]:
    found = [verdict for verdict in every if verdict.result is Result.FINDING]
    if found:
        yield f"<h2>Open findings ({len(found)})</h2>"
        rows = ((_rule_link(verdict), _code(verdict.resource.path), escape(verdict.note)) for verdict in found)
        yield from _table(("rule", "construct", "what is wrong"), rows)


def _stacks(report: Report) -> Iterator[str]:
    files = {resource.stack: resource.template for assembly in report.assemblies for resource in assembly.resources}
    yield "<h2>What was examined</h2>"
    yield from _table(
        ("stack", "resources", "findings", "acknowledged", "SHA-256 of its template"),
        (
            (escape(row.stack), str(row.resources), str(row.findings), str(row.acknowledged), _code(_sum(files[row.stack])))
            for row in report.stacks()
        ),
    )


def _safeguard(row: Row) -> Iterator[str]:
    safeguard = row.safeguard
    yield f"<section id='{safeguard.id}'><h3>{safeguard.id} {escape(safeguard.title)} <small>{safeguard.kind}</small></h3>"
    yield f"<dl><dt>AWS covers</dt><dd>{escape(safeguard.aws)}.</dd>"
    yield f"<dt>The operator does</dt><dd>{escape(safeguard.operator)}</dd>"
    if row.present:
        types = sorted({resource.type for resource in row.present})
        yield f"<dt>The platform brings</dt><dd>{len(row.present)} resources: {', '.join(map(_code, types))}</dd>"
    yield "</dl>"
    if row.rules:
        counted = ((rule, [verdict for verdict in row.verdicts if verdict.rule is rule]) for rule in row.rules)
        kinds = (Result.COMPLIES, Result.ACKNOWLEDGED, Result.FINDING)
        yield from _table(
            ("rule", "what it asks or looks for", *(kind.value for kind in kinds)),
            (
                (_rule_link(of[0]), escape(rule.asks), *(_badge(k, sum(v.result is k for v in of)) for k in kinds))
                for rule, of in counted
            ),
        )
    yield "</section>"


def _rules(every: Sequence[Verdict]) -> Iterator[str]:
    for rule in {verdict.rule.id: verdict.rule for verdict in every}.values():
        of = [verdict for verdict in every if verdict.rule.id == rule.id]
        yield f"<details id='{rule.id}'><summary>{_code(rule.id)} {escape(rule.asks)} <b>{len(of)}</b></summary>"
        yield from _table(
            ("result", "stack", "logical id", "type", "construct"),
            (
                (
                    f"<span class={verdict.result.value}>{verdict.result.value}</span>",
                    escape(verdict.resource.stack),
                    _code(verdict.resource.logical_id),
                    _code(verdict.resource.type),
                    _code(verdict.resource.path),
                )
                for verdict in of
            ),
        )
        yield "</details>"


def _rule_link(verdict: Verdict) -> str:
    return f"<a href='#{verdict.rule.id}'>{_code(verdict.rule.id)}</a>"


def _code(value: str) -> str:
    """May be broken where names have joints, so that tables stay on the paper."""
    return f"<code>{escape(value).replace('/', '/<wbr>').replace('::', '::<wbr>').replace('-', '-<wbr>')}</code>"


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
