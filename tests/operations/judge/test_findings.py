"""What is accepted is narrow, has a reason, and goes when nobody finds it any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.errors import ConfigurationError
from operations.judge.__main__ import JUDGEMENTS
from operations.judge.findings import WARNING, Finding, Judgement, lines, read_judgements, verdict

LOGS = "security/AccessLogs/Bucket/Resource"
ENTRY = Judgement("checkov", "CKV_AWS_18", LOGS, "A log bucket that logs to itself never ends.")


def found(rule: str = "CKV_AWS_18", resource: str = LOGS, *, environment: str = "dev", level: str = "error") -> Finding:
    return Finding("checkov", rule, resource, "no access logs", environment, level)


def test_an_accepted_finding_is_not_open() -> None:
    assert list(verdict([found()], [ENTRY]).open) == []


@pytest.mark.parametrize("other", [found("CKV_AWS_19"), found(resource=f"{LOGS}/Other"), found(resource="data/Bucket")])
def test_another_rule_or_resource_stays_open(other: Finding) -> None:
    assert list(verdict([other], [ENTRY]).open) == [other]


def test_an_entry_that_covers_nothing_is_stale() -> None:
    sorted_out = verdict([], [ENTRY])

    assert list(sorted_out.stale) == [ENTRY]


def test_a_warning_is_counted_and_not_open() -> None:
    sorted_out = verdict([found(level=WARNING)], [])

    assert not sorted_out.open
    assert len(sorted_out.warnings) == 1


@pytest.mark.parametrize(
    ("pattern", "rule", "covered"),
    [
        ("IAM5[Action::s3:GetObject*]", "IAM5[Action::s3:GetObject*]", True),
        ("IAM5[Resource::<*.Arn>/*]", "IAM5[Resource::<Bucket12.Arn>/chest14/*]", True),
        ("IAM5[Action::s3:*]", "IAM4[Action::s3:*]", False),
        ("CKV_AWS_1?", "CKV_AWS_18", False),
    ],
)
def test_only_the_star_is_special(pattern: str, rule: str, covered: bool) -> None:
    assert Judgement("checkov", pattern, LOGS, "because").covers(found(rule)) is covered


def test_the_same_finding_in_two_environments_is_one_line() -> None:
    said = lines([found(), found(environment="prod"), found()])

    assert said == [f"checkov  CKV_AWS_18  {LOGS} (dev, prod): no access logs"]


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('judge = "checkov"\nrules = ["CKV_AWS_18"]\nresources = ["a/bc"]', "reason"),
        ('judge = "checkov"\nrules = ["*"]\nresources = ["a/bc"]\nreason = "r"', "everything"),
        ('judge = "checkov"\nrules = ["CKV_AWS_18"]\nresources = ["*/*"]\nreason = "r"', "everything"),
        ('judge = "checkov"\nrules = "CKV_AWS_18"\nresources = ["a/bc"]\nreason = "r"', "must be lists"),
        ('judge = "checkov"\nrules = ["CKV_AWS_18"]\nresources = ["a/bc"]\nreason = "r"\nuntil = "2030"', "unknown"),
        ("judge = ", "not TOML"),
    ],
)
def test_an_entry_without_reason_or_bounds_is_refused(tmp_path: Path, entry: str, complaint: str) -> None:
    file = tmp_path / "judgements.toml"
    file.write_text(f"[[accepted]]\n{entry}\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=complaint):
        read_judgements(file)


def test_the_projects_own_entries_are_readable_and_say_why() -> None:
    for entry in read_judgements(JUDGEMENTS):
        assert len(entry.reason.split()) >= 5, entry
