"""``GET /models``: the newest versions of the task's model, whether each is approved, and where its metrics stand. Reads only."""

from __future__ import annotations

from typing import Any, Final

from model_code.lambdas import release
from model_code.lambdas.clients import client
from model_code.lambdas.settings import Settings
from model_code.lambdas.web import Answer, Request, handler_of

NEWEST: Final = 10


def models(_: Request, settings: Settings) -> Answer:
    """The ``NEWEST`` versions, newest first; ``serves`` says what a version does in the service now.

    The same for everybody whom the gateway lets in, since the gateway may give one's answer to another for a minute.
    """
    now = release.current(settings)
    roles = {package: role.value for role, package in now.packages.items()}
    found = client("sagemaker").list_model_packages(
        ModelPackageGroupName=settings.model_group, SortBy="CreationTime", SortOrder="Descending", MaxResults=NEWEST
    )["ModelPackageSummaryList"]
    versions = [_version(summary["ModelPackageArn"], roles) for summary in found]
    routing = {"challenger_percent": now.routing.challenger_percent, "shadow": now.routing.shadow}
    return Answer(200, {"group": settings.model_group, "routing": routing, "models": versions})


def _version(arn: str, roles: dict[str, str]) -> dict[str, Any]:
    package = client("sagemaker").describe_model_package(ModelPackageName=arn)
    quality = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})
    return {
        "version": package.get("ModelPackageVersion"),
        "arn": arn,
        "created": package["CreationTime"].isoformat(),
        "status": package["ModelPackageStatus"],
        "approval": package.get("ModelApprovalStatus"),
        "serves": roles.get(arn),
        "metrics": quality.get("S3Uri"),
    }


handler = handler_of(models)
