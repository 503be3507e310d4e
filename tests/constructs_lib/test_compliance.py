from __future__ import annotations

import pytest
from aws_cdk import Stage

from app import build_app
from constructs_lib.compliance import ACCEPTED, PACK, Accepted, acknowledge
from constructs_lib.errors import ConfigurationError
from stacks import platform_stage
from stacks.environments import DEV, ENVIRONMENTS
from tests.infra import Scope, findings


def platform(name: str) -> Stage:
    stage = build_app(ENVIRONMENTS[name]).node.find_child(f"overread-{name}")
    assert isinstance(stage, Stage)
    return stage


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_nothing_is_found_but_what_is_accepted(name: str) -> None:
    assert findings(platform(name)) == set()


def test_every_accepted_finding_is_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the acknowledgements the checks find these and no others, so none has outlived its reason."""
    monkeypatch.setattr(platform_stage, "acknowledge", lambda stage: None)

    assert findings(platform(DEV.name)) == {(f"{PACK}-{entry.rule}", entry.construct) for entry in ACCEPTED}


def test_each_is_for_one_resource_with_a_reason_and_a_control() -> None:
    assert len({(entry.rule, entry.construct) for entry in ACCEPTED}) == len(ACCEPTED)
    for entry in ACCEPTED:
        assert entry.construct.endswith("/Resource"), "a resource, not a stack or a construct with others below it"
        assert len(entry.reason) > 30
        assert len(entry.control) > 30


def test_few_rules_are_accepted_at_all() -> None:
    assert {entry.rule for entry in ACCEPTED} == {
        "S3BucketLoggingEnabled",
        "S3BucketReplicationEnabled",
        "S3DefaultEncryptionKMS",
        "VPCDefaultSecurityGroupClosed",
    }


def test_an_entry_for_a_construct_that_is_gone_is_refused() -> None:
    gone = Accepted(rule="S3BucketLoggingEnabled", construct="stack/Gone/Resource", reason="", control="")

    with pytest.raises(ConfigurationError, match=r"on 'stack/Gone/Resource', which does not exist; remove the entry"):
        acknowledge(Scope().stage, (gone,))
