from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from model_code.lambdas import models
from tests.aws import FakeAws
from tests.model_code.lambdas.conftest import GROUP, package, parameters, request

CREATED = datetime(2026, 2, 1, tzinfo=UTC)


def described(call: Any) -> dict[str, Any]:
    version = int(call["ModelPackageName"].rpartition("/")[2])
    found: dict[str, Any] = {
        "ModelPackageName": GROUP,
        "ModelPackageGroupName": GROUP,
        "ModelPackageVersion": version,
        "ModelPackageArn": call["ModelPackageName"],
        "CreationTime": CREATED,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "ModelApprovalStatus": "Approved" if version < 9 else "PendingManualApproval",
    }
    if version != 9:
        statistics = {"ContentType": "application/json", "S3Uri": f"s3://artifacts/chest14/runs/{version}/metrics.json"}
        found["ModelMetrics"] = {"ModelQuality": {"Statistics": statistics}}
    return found


@pytest.fixture
def listed(aws: FakeAws) -> FakeAws:
    summaries = [
        {
            "ModelPackageArn": package(v),
            "ModelPackageGroupName": GROUP,
            "CreationTime": CREATED,
            "ModelPackageStatus": "Completed",
        }
        for v in (9, 8, 7)
    ]
    aws.replies["sagemaker.ListModelPackages"] = {"ModelPackageSummaryList": summaries}
    aws.replies["sagemaker.DescribeModelPackage"] = described
    aws.replies["ssm.GetParameters"] = parameters(package(7), package(8), '{"challenger_percent": 10}')
    return aws


def get() -> dict[str, Any]:
    return dict(json.loads(models.handler(request("GET", "/models"), None)["body"]))


def test_versions_are_told_with_approval_and_what_they_serve(listed: FakeAws) -> None:
    found = get()

    assert [(one["version"], one["approval"], one["serves"]) for one in found["models"]] == [
        (9, "PendingManualApproval", None),
        (8, "Approved", "challenger"),
        (7, "Approved", "champion"),
    ]
    assert found["routing"] == {"challenger_percent": 10, "shadow": False}


def test_where_their_metrics_stand(listed: FakeAws) -> None:
    assert [one["metrics"] for one in get()["models"]] == [
        None,
        "s3://artifacts/chest14/runs/8/metrics.json",
        "s3://artifacts/chest14/runs/7/metrics.json",
    ]


def test_nothing_is_written(listed: FakeAws) -> None:
    get()

    assert {name.partition(".")[2] for name, _ in listed.calls} == {"GetParameters", "ListModelPackages", "DescribeModelPackage"}
