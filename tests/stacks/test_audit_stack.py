from __future__ import annotations

from stacks.environments import ENVIRONMENTS
from tests.infra import Json, Platform


def storage(platform: Platform) -> list[Json]:
    """The bucket of the trail's files, and its copy."""
    resources = platform.templates["audit"]["Resources"].values()
    return [resource for resource in resources if resource["Type"] == "AWS::S3::Bucket"]


def test_the_records_are_locked_for_six_years_in_both_places(platform: Platform) -> None:
    keeps = ENVIRONMENTS[platform.stage.stage_name.removeprefix("overread-")].keeps_data
    buckets = storage(platform)
    assert len(buckets) == 2
    for bucket in buckets:
        retention = bucket["Properties"]["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
        assert retention == {"Days": 2192, "Mode": "COMPLIANCE" if keeps else "GOVERNANCE"}


def test_a_locked_bucket_outlives_its_stack_everywhere(platform: Platform) -> None:
    """CloudFormation could not delete it: its files cannot be."""
    assert {bucket["DeletionPolicy"] for bucket in storage(platform)} == {"Retain"}


def test_the_records_are_not_expired_by_a_rule(platform: Platform) -> None:
    for bucket in storage(platform):
        assert "ExpirationInDays" not in str(bucket["Properties"]["LifecycleConfiguration"])
