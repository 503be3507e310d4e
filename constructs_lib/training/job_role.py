"""What a job may do: run in its place, and nothing more until somebody grants it data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib.code_asset import CodeAsset
from constructs_lib.container_images import TrainingImage
from constructs_lib.security.isolated_network import IsolatedNetwork

FOR_AWS_ONLY: Final[dict[str, Any]] = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
"""The key may be lent to an AWS service (SageMaker attaches a job's disk with it), never to a person."""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """Where the jobs of one environment run."""

    image: TrainingImage
    code: CodeAsset
    network: IsolatedNetwork


class JobRole(Construct):
    """The role of SageMaker jobs; ``key`` encrypts their disks and what they write. Also a grantee, by ``policy``."""

    def __init__(self, scope: Construct, id: str, *, workplace: Workplace, key: kms.IKey) -> None:
        super().__init__(scope, id)
        self.workplace = workplace
        self.key = key
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            roles=[self.role],
            statements=[
                *container_statements(self, ("TrainingJobs", "ProcessingJobs")),
                *workplace.network.attachment_statements(),
                iam.PolicyStatement(actions=["kms:CreateGrant"], resources=[key.key_arn], conditions=FOR_AWS_ONLY),
            ],
        )
        workplace.image.grant_pull(self.policy)
        workplace.code.grant_read(self.policy)
        key.grant_encrypt_decrypt(self.policy)
        key.grant(self.policy, "kms:DescribeKey")


def container_statements(scope: Construct, kinds: Sequence[str]) -> list[iam.PolicyStatement]:
    """Logs and metrics of SageMaker's containers: ``TrainingJobs``, ``ProcessingJobs``, ``Endpoints``."""
    groups = [
        Stack.of(scope).format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"/aws/sagemaker/{kind}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for kind in kinds
    ]
    return [
        iam.PolicyStatement(
            actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=groups,
        ),
        iam.PolicyStatement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],  # metrics have no ARN; the namespace is the name that there is
            conditions={"StringEquals": {"cloudwatch:namespace": [f"/aws/sagemaker/{kind}" for kind in kinds]}},
        ),
    ]
