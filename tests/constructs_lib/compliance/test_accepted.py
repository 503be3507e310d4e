from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from aws_cdk import App, Stage
from aws_cdk import aws_sns as sns

from app import build_app
from constructs_lib.compliance.accepted import ACCEPTED, Accepted, acknowledge
from constructs_lib.compliance.accepted_in_delivery import accepted_in_delivery
from constructs_lib.compliance.findings import Report, examine
from constructs_lib.errors import ConfigurationError
from stacks.environments import ENVIRONMENTS
from tests.infra import Scope

ENTRY: dict[str, Any] = {
    "rule": "SNSEncryptedKMS",
    "construct": "stack/Topic/Resource",
    "reason": "This is a test.",
    "control": "Nothing is sent.",
    "owner": "security officer",
    "expires": "2027-11-30",
}
EVERYTHING = (*ACCEPTED, *accepted_in_delivery(ENVIRONMENTS))
MOST_RULES = 6


@pytest.fixture(scope="module", params=list(ENVIRONMENTS))
def platform(request: pytest.FixtureRequest) -> tuple[Stage, Report]:
    """An environment's stage and what the packs say of it."""
    stage = build_app(ENVIRONMENTS[request.param]).node.find_child(f"overread-{request.param}")
    assert isinstance(stage, Stage)
    return stage, examine(stage)


def test_nothing_is_found_but_what_is_accepted(platform: tuple[Stage, Report]) -> None:
    _, report = platform

    assert [f"{found.rule} on {found.path}: {found.problem}" for found in report.findings if found.accepted is None] == []


def test_every_accepted_finding_is_still_found(platform: tuple[Stage, Report]) -> None:
    """And no others, so that no entry outlives its reason."""
    stage, report = platform
    found = {(finding.rule, finding.path.removeprefix(f"{stage.node.path}/")) for finding in report.findings if finding.accepted}

    assert found == {(entry.id, entry.construct) for entry in ACCEPTED}


def test_none_has_expired() -> None:
    for entry in EVERYTHING:
        assert date.fromisoformat(entry.expires) > date.today(), (
            f"{entry.rule} on '{entry.construct}' was accepted until {entry.expires}: the {entry.owner} looks whether reason and "
            "control (constructs_lib/compliance/accepted.py, accepted_in_delivery.py) still hold, and fixes the finding or sets "
            "a new date"
        )


def test_each_is_for_one_resource_with_a_reason_and_a_control() -> None:
    assert len({(entry.rule, entry.construct) for entry in EVERYTHING}) == len(EVERYTHING)
    for entry in EVERYTHING:
        assert entry.construct.endswith("/Resource"), "a resource, not a stack or a construct with others below it"
        assert len(entry.reason) > 30
        assert len(entry.control) > 30


def test_few_rules_are_accepted_at_all() -> None:
    assert len({entry.rule for entry in EVERYTHING}) <= MOST_RULES


def test_what_was_accepted_stands_in_the_output_with_owner_and_date() -> None:
    scope = Scope()
    sns.Topic(scope.stack, "Topic")
    acknowledge(scope.stage, [Accepted(**ENTRY)])

    accepted = [finding for finding in examine(scope.stage).findings if finding.accepted]

    assert [finding.rule for finding in accepted] == ["HIPAA.Security-SNSEncryptedKMS"]
    assert accepted[0].accepted == (
        "This is a test. Compensating control: Nothing is sent. Owner: security officer. Expires: 2027-11-30."
    )


def test_a_stack_outside_of_any_stage_can_be_the_scope() -> None:
    app = App()
    scope = Scope()
    sns.Topic(scope.stack, "Topic")
    acknowledge(scope.stack, [Accepted(**{**ENTRY, "construct": "Topic/Resource"})])

    assert [finding.stack for finding in examine(scope.stage).findings if finding.accepted] == ["overread-test-stack"]
    with pytest.raises(ConfigurationError, match="remove the entry"):
        acknowledge(app, [Accepted(**ENTRY)])


def test_an_entry_for_a_construct_that_is_gone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"on 'stack/Topic/Resource', which does not exist; remove the entry"):
        acknowledge(Scope().stage, [Accepted(**ENTRY)])


@pytest.mark.parametrize("missing", ["reason", "control", "owner"])
def test_nobody_accepts_without_saying_why_and_who(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=f"without {missing}; say it"):
        Accepted(**{**ENTRY, missing: " "})


@pytest.mark.parametrize("expires", ["", "never", "30.11.2027", "2027-13-01", "2027-11-30T00:00"])
def test_nobody_accepts_without_a_date(expires: str) -> None:
    with pytest.raises(ConfigurationError, match=f"until '{expires}'; write a date as 2027-11-30"):
        Accepted(**{**ENTRY, "expires": expires})
