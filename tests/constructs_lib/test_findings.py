from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_cdk import aws_s3 as s3
from rich.console import Console

from constructs_lib.findings import StackFindings, acknowledgements, failures, findings, table
from tests.infra import Scope


def test_what_the_checks_find_is_counted_where_it_is() -> None:
    scope = Scope()
    s3.Bucket(scope.stack, "Open")
    (row,) = findings(scope.stage)

    assert (row.stack, row.resources, row.acknowledged) == ("overread-test-stack", 1, 0)
    assert row.findings == len(scope.findings()) >= 5


def test_the_table_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=100).print(table([StackFindings("one", 2, 0, 3), StackFindings("two", 40, 5, 0)]))

    total = capsys.readouterr().out.splitlines()[-2]
    assert [word for word in total.split() if word.isalnum()] == ["all", "42", "5", "3"]


def test_accepted_rules_are_named() -> None:
    assert "VPCDefaultSecurityGroupClosed (1)" in acknowledgements()


def test_errors_are_read_from_the_report(tmp_path: Path) -> None:
    def plugin(conclusion: str, rule: str) -> dict[str, object]:
        violation = {"ruleName": rule, "description": "is wrong", "violatingConstructs": [{"constructPath": "stage/stack/thing"}]}
        return {"pluginName": "checks", "conclusion": conclusion, "violations": [violation]}

    report = {"pluginReports": [plugin("failure", "Rule-1"), plugin("success", "Warning-1")]}
    (tmp_path / "validation-report.json").write_text(json.dumps(report))

    assert list(failures(tmp_path)) == ["Rule-1 on stage/stack/thing: is wrong"]


def test_no_report_means_no_errors(tmp_path: Path) -> None:
    assert list(failures(tmp_path)) == []
