from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from rich.console import Console

from constructs_lib.compliance.accepted import Accepted, acknowledge
from constructs_lib.compliance.findings import StackFindings, examine, failures, table
from tests.infra import Scope

ACCEPTED = Accepted(
    rule="SNSEncryptedKMS",
    construct="stack/Topic/Resource",
    reason="A test.",
    control="Nothing is sent.",
    owner="tester",
    expires="2027-11-30",
)


def test_what_both_packs_find_is_counted_where_it_is() -> None:
    scope = Scope()
    s3.Bucket(scope.stack, "Open")
    sns.Topic(scope.stack, "Topic")
    report = examine(scope.stage)
    (row,) = report.stacks()

    assert (row.stack, row.resources, row.acknowledged) == ("overread-test-stack", 2, 0)
    assert row.findings == len(report.findings) >= 7
    rules = {finding.rule for finding in report.findings if finding.path == "overread-test/stack/Topic/Resource"}
    assert rules == {"HIPAA.Security-SNSEncryptedKMS", "Overread-CustomerKey"}


def test_an_acknowledgement_counts_once_a_finding_needs_it() -> None:
    scope = Scope()
    sns.Topic(scope.stack, "Topic")
    acknowledge(scope.stage, [ACCEPTED])
    report = examine(scope.stage)

    assert [(row.findings, row.acknowledged) for row in report.stacks()] == [(1, 1)]
    assert "SNSEncryptedKMS (1)" in report.acknowledgements()


def test_one_that_no_finding_needs_does_not() -> None:
    scope = Scope()
    sns.Topic(scope.stack, "Topic", master_key=scope.keys().images)
    acknowledge(scope.stage, [ACCEPTED])
    report = examine(scope.stage)

    assert [(row.findings, row.acknowledged) for row in report.stacks()] == [(0, 0)]
    assert report.acknowledgements().endswith("none")


def test_the_table_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=100).print(table([StackFindings("one", 2, 0, 3), StackFindings("two", 40, 5, 0)]))

    total = capsys.readouterr().out.splitlines()[-2]
    assert [word for word in total.split() if word.isalnum()] == ["all", "42", "5", "3"]


def test_errors_are_read_from_the_report(tmp_path: Path) -> None:
    def plugin(conclusion: str, rule: str) -> dict[str, object]:
        violation = {"ruleName": rule, "description": "is wrong", "violatingConstructs": [{"constructPath": "stage/stack/thing"}]}
        return {"pluginName": "checks", "conclusion": conclusion, "violations": [violation]}

    broken = {"pluginName": "ours", "conclusion": "failure", "violations": [], "metadata": {"error": "it fell over"}}
    report = {"pluginReports": [plugin("failure", "Rule-1"), plugin("success", "Warning-1"), broken]}
    (tmp_path / "validation-report.json").write_text(json.dumps(report))

    assert list(failures(tmp_path)) == ["Rule-1 on stage/stack/thing: is wrong", "ours: it fell over"]


def test_no_report_means_no_errors(tmp_path: Path) -> None:
    assert list(failures(tmp_path)) == []
