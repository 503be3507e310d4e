"""Who runs a pipeline: it starts jobs with the jobs' role, and reads no film itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

STARTED: Final = "pipelines-*"
"""SageMaker names what a pipeline starts ``pipelines-<execution>-<step>``."""


class PipelineRole(Construct):
    """May start, see and stop jobs of the ``kinds`` (``Processing``, ``Training``, ``Transform``) as the role ``jobs``.

    Also a grantee, by ``policy``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        jobs: iam.Role,
        kinds: Sequence[str],
        statements: Sequence[iam.PolicyStatement] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        verbs = [f"sagemaker:{verb}{kind}Job" for kind in kinds for verb in ("Create", "Describe", "Stop")]
        names = [stack.format_arn(service="sagemaker", resource=f"{kind.lower()}-job", resource_name=STARTED) for kind in kinds]
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(actions=[*verbs, "sagemaker:AddTags"], resources=names),
                *statements,
                iam.PolicyStatement(
                    actions=["iam:PassRole"],
                    resources=[jobs.role_arn],
                    conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
                ),
            ],
        )
