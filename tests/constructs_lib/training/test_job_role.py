from __future__ import annotations

import pytest
from aws_cdk import RemovalPolicy

from constructs_lib.code_asset import CodeAsset
from constructs_lib.container_images import TrainingImage
from constructs_lib.security.isolated_network import IsolatedNetwork
from constructs_lib.training.job_instance import Accelerator
from constructs_lib.training.job_role import JobRole, Workplace
from tests.infra import Json, Scope, many

WITHOUT_A_NAME = {
    # IAM's own tables give these no resource
    "cloudwatch:PutMetricData",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ecr:GetAuthorizationToken",
}


@pytest.fixture(scope="module")
def granted() -> list[Json]:
    """The statements of a job's policy."""
    scope = Scope()
    stack, keys = scope.stack, scope.keys()
    network = IsolatedNetwork(stack, "Network", zones=2, logs_key=keys.audit, removal_policy=RemovalPolicy.RETAIN)
    image = TrainingImage(stack, "Image", accelerator=Accelerator.NONE)
    JobRole(stack, "Jobs", workplace=Workplace(image=image, code=CodeAsset(stack, "Code"), network=network), key=keys.models)
    resources = scope.template().to_json()["Resources"]
    (policy,) = (resource for name, resource in resources.items() if name.startswith("JobsPolicy"))
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


def test_no_star_where_a_name_will_do(granted: list[Json]) -> None:
    everywhere = {action for s in granted if "*" in many(s["Resource"]) for action in many(s["Action"])}

    assert everywhere == WITHOUT_A_NAME


def test_metrics_go_to_sagemakers_namespaces_only(granted: list[Json]) -> None:
    (metrics,) = (s for s in granted if "cloudwatch:PutMetricData" in many(s["Action"]))

    assert metrics["Condition"] == {
        "StringEquals": {"cloudwatch:namespace": ["/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs"]}
    }


def test_the_key_is_lent_to_aws_services_only(granted: list[Json]) -> None:
    (lent,) = (s for s in granted if "kms:CreateGrant" in many(s["Action"]))

    assert lent["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_a_job_reaches_no_data_until_it_is_granted(granted: list[Json]) -> None:
    """Reading its code is all that it may do in S3."""
    s3 = {action for s in granted for action in many(s["Action"]) if action.startswith("s3:")}

    assert not [action for action in s3 if action.startswith(("s3:Put", "s3:Delete"))]
    assert all("cdk-hnb659fds-assets" in str(s["Resource"]) for s in granted if str(s["Action"]).count("s3:"))
