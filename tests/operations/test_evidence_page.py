from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime

import pytest
from aws_cdk import aws_sns as sns

from constructs_lib.compliance.findings import Report, examine
from operations.control_matrix import matrix
from operations.evidence_page import page
from tests.infra import Scope

MADE = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def report() -> Report:
    """A topic without a key: one finding of each pack."""
    scope = Scope()
    sns.Topic(scope.stack, "Topic")
    return examine(scope.stage)


def test_the_summary_counts_each_check_once_though_it_serves_several_safeguards(report: Report) -> None:
    text = page("test", report, matrix(report), MADE)

    figures = dict(re.findall(r"<div><b>(\d+)</b>(.*?)</div>", text))[str(len(report.findings))]
    assert figures == "findings open"
    assert "2 findings are open: this must not be deployed." in text
    assert "Made 2026-11-30 12:00 UTC" in text


def test_templates_are_named_by_their_sums(report: Report) -> None:
    assert len(re.findall(r"<code>[0-9a-f]{64}</code>", page("test", report, matrix(report), MADE))) == 1


def test_what_comes_from_templates_is_text_and_never_markup(report: Report) -> None:
    findings = [dataclasses.replace(finding, problem="<script>alert(1)</script>") for finding in report.findings]
    strange = dataclasses.replace(report, findings=findings)

    text = page("<b>", strange, matrix(strange), MADE)

    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "environment &lt;b&gt;" in text


def test_the_same_report_gives_the_same_page(report: Report) -> None:
    assert page("test", report, matrix(report), MADE) == page("test", report, matrix(report), MADE)
