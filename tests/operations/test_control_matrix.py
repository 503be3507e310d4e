from __future__ import annotations

import dataclasses

import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from constructs_lib.compliance.accepted import Accepted, acknowledge
from constructs_lib.compliance.findings import Finding, Report, examine
from operations.control_matrix import Result, Row, all_rules, matrix, verdicts
from operations.safeguards import SAFEGUARDS
from tests.infra import Scope

TOPIC = "overread-test/stack/Topic/Resource"


@pytest.fixture(scope="module")
def report() -> Report:
    """A topic whose lack of a key is accepted by one pack's rule and not by the other's, and a key that complies."""
    scope = Scope()
    scope.keys()
    sns.Topic(scope.stack, "Topic")
    accepted = Accepted("SNSEncryptedKMS", "stack/Topic/Resource", "A test.", "Nothing is sent.", "tester", "2027-11-30")
    acknowledge(scope.stage, [accepted])
    return examine(scope.stage)


@pytest.fixture(scope="module")
def rows(report: Report) -> dict[str, Row]:
    return {row.safeguard.id: row for row in matrix(report)}


def test_each_resource_has_the_result_of_each_rule_that_looked_at_it(report: Report) -> None:
    found = {(v.rule.id, v.resource.path): v for v in verdicts(report)}

    assert found["HIPAA.Security-SNSEncryptedKMS", TOPIC].result is Result.ACKNOWLEDGED
    assert found["Overread-CustomerKey", TOPIC].result is Result.FINDING
    assert found["Overread-CustomerKey", TOPIC].note == "names no customer key (KmsMasterKeyId)"
    assert {v.result for v in found.values() if v.resource.type == "AWS::KMS::Key"} == {Result.COMPLIES}


def test_what_was_accepted_is_told_with_owner_and_date(report: Report) -> None:
    (accepted,) = [verdict for verdict in verdicts(report) if verdict.result is Result.ACKNOWLEDGED]

    assert accepted.acceptance == {
        "reason": "A test.",
        "control": "Nothing is sent.",
        "owner": "tester",
        "expires": "2027-11-30",
    }


def test_a_result_stands_under_every_safeguard_that_its_rule_serves(rows: dict[str, Row]) -> None:
    for paragraph in ("164.312(a)(2)(iv)", "164.312(e)(2)(ii)"):
        assert rows[paragraph].count(Result.FINDING) == 1
        assert rows[paragraph].count(Result.ACKNOWLEDGED) == 1
    assert rows["164.312(c)(1)"].verdicts == ()


def test_every_safeguard_has_a_row_and_shows_what_nobody_judges(rows: dict[str, Row]) -> None:
    assert list(rows) == [safeguard.id for safeguard in SAFEGUARDS]
    assert {resource.type for resource in rows["164.312(a)(2)(iv)"].present} == {"AWS::KMS::Key"}


def test_every_rule_in_the_matrix_is_one_of_the_packs(rows: dict[str, Row]) -> None:
    assert {rule.id for row in rows.values() for rule in row.rules} <= {rule.id for rule in all_rules()}


def test_a_finding_is_never_left_out(report: Report) -> None:
    strange = dataclasses.replace(report, findings=[*report.findings, Finding("HIPAA.Security-New", TOPIC, "", "?", None)])

    with pytest.raises(LookupError, match=r"HIPAA\.Security-New"):
        verdicts(strange)


def test_every_finding_of_the_packs_has_its_place() -> None:
    scope = Scope()
    s3.Bucket(scope.stack, "Open")
    report = examine(scope.stage)

    found = {(verdict.rule.id, verdict.resource.path) for verdict in verdicts(report) if verdict.result is Result.FINDING}
    assert found == {(finding.rule, finding.path) for finding in report.findings}
