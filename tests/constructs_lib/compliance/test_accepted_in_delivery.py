from __future__ import annotations

from constructs_lib.compliance.accepted import ACCEPTED
from constructs_lib.compliance.accepted_in_delivery import accepted_in_delivery

ENTRIES = accepted_in_delivery(["overread-dev", "overread-prod"])


def test_one_rule_is_accepted_that_the_platform_does_not_accept() -> None:
    assert {entry.rule for entry in ENTRIES} - {entry.rule for entry in ACCEPTED} == {"CodeBuildProjectSourceRepoUrl"}


def test_each_is_for_one_resource() -> None:
    assert len({(entry.rule, entry.construct) for entry in ENTRIES}) == len(ENTRIES)
    assert all(entry.construct.endswith("/Resource") for entry in ENTRIES)


def test_every_stage_has_its_own() -> None:
    assert [entry.construct for entry in ENTRIES if "Smoke" in entry.construct] == [
        "Pipeline/Pipeline/overread-dev/Smoke/Smoke/Resource",
        "Pipeline/Pipeline/overread-prod/Smoke/Smoke/Resource",
    ]
