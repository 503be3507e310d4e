"""What went through a network, and what was refused."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct


class FlowLog(Construct):
    """All traffic of a VPC, encrypted, kept for six years. The role writes by a managed policy (the library's own is inline)."""

    def __init__(
        self, scope: Construct, construct_id: str, *, vpc: ec2.Vpc, key: kms.IKey, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        group = logs.LogGroup(
            self, "Records", encryption_key=key, retention=logs.RetentionDays.SIX_YEARS, removal_policy=removal_policy
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"))
        policy = iam.ManagedPolicy(self, "Policy", roles=[role])
        group.grant(policy, "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
        flow_log = ec2.FlowLog(
            self,
            "Log",
            resource_type=ec2.FlowLogResourceType.from_vpc(vpc),
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role.without_policy_updates()),
        )
        flow_log.node.add_dependency(policy)
