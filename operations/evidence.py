"""Evidence for who has to answer for HIPAA: the control matrix of each environment, as a page to read and a table to work with.

    python -m operations.evidence --out evidence/ --env prod

Nothing is deployed and no account is needed: everything is read from a fresh synthesis. Exit code 1: there are findings that
nobody accepted; the page shows them.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from constructs_lib.compliance.findings import Report, examine
from constructs_lib.errors import ConfigurationError
from model_code.files import atomic_file
from operations.assembly import synthesize
from operations.control_matrix import Result, Row, Verdict, matrix
from operations.evidence_page import page
from stacks.environments import ENVIRONMENTS, environment_named

COLUMNS: Final = (
    *("environment", "safeguard", "title", "kind", "rule", "asks", "result", "stack", "logical_id", "type", "construct"),
    *("reason", "control", "owner", "expires", "aws_covers", "operator_does"),
)


def table(environment: str, rows: Sequence[Row]) -> Iterator[dict[str, str]]:
    """The matrix as records of ``COLUMNS``: one for each safeguard, rule and resource, and for what is the operator's alone."""
    for row in rows:
        about = {
            "environment": environment,
            "safeguard": row.safeguard.id,
            "title": row.safeguard.title,
            "kind": row.safeguard.kind,
            "aws_covers": row.safeguard.aws,
            "operator_does": row.safeguard.operator,
        }
        for verdict in row.verdicts:
            yield about | _record(verdict)
        for resource in row.present:
            where = {
                "stack": resource.stack,
                "logical_id": resource.logical_id,
                "type": resource.type,
                "construct": resource.path,
            }
            yield about | where | {"result": Result.PRESENT.value}
        if not row.verdicts and not row.present:
            yield about | {"result": Result.OPERATOR.value}


def _record(verdict: Verdict) -> dict[str, str]:
    resource = verdict.resource
    return {
        "rule": verdict.rule.id,
        "asks": verdict.rule.asks,
        "result": verdict.result.value,
        "stack": resource.stack,
        "logical_id": resource.logical_id,
        "type": resource.type,
        "construct": resource.path,
        "reason": verdict.note,
        **verdict.acceptance,
    }


def write(out: Path, environment: str, report: Report, made: datetime) -> tuple[Counter[Result], list[Path]]:
    """Writes page and table, each whole or not at all, and counts every pair of rule and resource once."""
    rows = matrix(report)
    out.mkdir(parents=True, exist_ok=True)
    html, records = out / f"overread-{environment}.html", out / f"overread-{environment}.csv"
    with atomic_file(html) as temporary:
        temporary.write_text(page(environment, report, rows, made), encoding="utf-8")
    with atomic_file(records) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(table(environment, rows))
    pairs = {(verdict.rule.id, verdict.resource): verdict.result for row in rows for verdict in row.verdicts}
    return Counter(pairs.values()), [html, records]


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the evidence of one environment or of all; says what it counted."""
    parser = argparse.ArgumentParser(prog="python -m operations.evidence", description="HIPAA control matrix as HTML and CSV")
    parser.add_argument("--out", type=Path, default=Path("evidence"), help="folder for the files")
    parser.add_argument("--env", default="all", help=f"{', '.join(ENVIRONMENTS)} or all")
    chosen = parser.parse_args(arguments)
    findings = 0
    try:
        for name in ENVIRONMENTS if chosen.env == "all" else [chosen.env]:
            environment = environment_named(name)
            with tempfile.TemporaryDirectory() as folder:
                app, _ = synthesize(environment, Path(folder))
                counts, files = write(chosen.out, name, examine(app), datetime.now(UTC))
            findings += counts[Result.FINDING]
            shown = ", ".join(f"{counts[kind]} {kind}" for kind in (Result.COMPLIES, Result.ACKNOWLEDGED, Result.FINDING))
            print(f"{name}: {shown}; {' and '.join(map(str, files))}")
    except ConfigurationError as error:
        print(f"evidence: error: {error}", file=sys.stderr)
        return 2
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
