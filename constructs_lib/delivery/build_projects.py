"""What all builds of the delivery pipeline have in common: where they run, what they log to, what they may do."""

from __future__ import annotations

import json
from typing import Final

from aws_cdk import ArnFormat, Duration, Stack, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import IConstruct

from constructs_lib.delivery.build_network import BuildNetwork
from constructs_lib.delivery.managed_policies import Narrow

RUNTIMES: Final = {"python": "3.13", "nodejs": "22"}
"""The image's own defaults change with time; the platform needs Python 3.11 and the CDK CLI Node 22, or newer."""

QUALIFIER: Final = "hnb659fds"
"""Part of the names that ``cdk bootstrap`` gives; its default, as the platform's stacks use it."""


def build_options(network: BuildNetwork, log_group: logs.ILogGroup) -> pipelines.CodeBuildOptions:
    """In private subnets, without privileges (CDK Pipelines gives them to the project that builds images, and to no other)."""
    return pipelines.CodeBuildOptions(
        build_environment=codebuild.BuildEnvironment(
            build_image=codebuild.LinuxBuildImage.STANDARD_7_0, compute_type=codebuild.ComputeType.MEDIUM
        ),
        partial_build_spec=codebuild.BuildSpec.from_object(
            {"version": "0.2", "phases": {"install": {"runtime-versions": RUNTIMES}}}
        ),
        logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log_group)),
        vpc=network.vpc,
        security_groups=[network.builds],
        timeout=Duration.hours(1),
    )


def login_to(registry: str) -> pipelines.CodeBuildOptions:
    """Lets image builds start from images in another account's ECR, with the build's own role.

    CDK Pipelines' ``DockerCredential`` does the same, but not where one project publishes all images.
    """
    credentials = {"version": "1.0", "domainCredentials": {registry: {"ecrRepository": True}}}
    return pipelines.CodeBuildOptions(
        partial_build_spec=codebuild.BuildSpec.from_object(
            {
                "version": "0.2",
                "phases": {
                    "pre_build": {
                        "commands": [
                            "mkdir -p $HOME/.cdk",
                            f"echo '{json.dumps(credentials)}' > $HOME/.cdk/cdk-docker-creds.json",
                        ]
                    }
                },
            }
        )
    )


def image_publisher(delivering: pipelines.CodePipeline) -> iam.Role:
    """The role of the project that builds images; CDK Pipelines makes it and hands it out nowhere."""
    role = delivering.node.find_child("Assets").node.find_child("DockerRole")
    assert isinstance(role, iam.Role)
    return role


def narrow_build_permissions(scope: IConstruct, network: BuildNetwork) -> Narrow:
    """For ``manage_policies``: the names that there are for what CDK Pipelines allows by patterns."""
    stack = Stack.of(scope)

    def ec2(kind: str, name: str) -> str:
        return stack.format_arn(service="ec2", resource=kind, resource_name=name)

    def bootstrapped(kind: str) -> str:
        name = f"cdk-{QUALIFIER}-{kind}-role-{stack.account}-{stack.region}"
        return stack.format_arn(service="iam", region="", resource="role", resource_name=name)

    def deployed(name: str) -> str:
        return stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{name}/*")

    assets = f"cdk-{QUALIFIER}-assets-{stack.account}-{stack.region}"
    interfaces = ec2("network-interface", "*")
    places = [ec2("subnet", subnet.subnet_id) for subnet in network.vpc.private_subnets]
    group = ec2("security-group", network.builds.security_group_id)
    return {
        "ec2:CreateNetworkInterface": [interfaces, group, *places],
        "ec2:DeleteNetworkInterface": [interfaces],
        # self mutation deploys this stack, with the roles that bootstrapping made in this account and region
        "sts:AssumeRole": [bootstrapped(kind) for kind in ("deploy", "file-publishing", "image-publishing")],
        "cloudformation:DescribeStacks": [deployed(stack.stack_name), deployed("CDKToolkit")],
        "s3:ListBucket": [
            stack.format_arn(service="s3", region="", account="", resource=assets, arn_format=ArnFormat.NO_RESOURCE_NAME)
        ],
        # builds log to the group that they are given, start no builds and file no reports
        **dict.fromkeys(("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"), ()),
        **dict.fromkeys((f"codebuild:{verb}" for verb in ("BatchGetBuilds", "StartBuild", "StopBuild")), ()),
        **dict.fromkeys((f"codebuild:{verb}Report" for verb in ("Create", "Update")), ()),
        **dict.fromkeys(("codebuild:CreateReportGroup", "codebuild:BatchPutTestCases", "codebuild:BatchPutCodeCoverages"), ()),
    }
