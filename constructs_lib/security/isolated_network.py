"""A network without a way to the internet: isolated subnets, endpoints for the services that jobs need, flow logs."""

from __future__ import annotations

from typing import Final

from aws_cdk import Fn, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib.security.flow_log import FlowLog

HTTPS: Final = ec2.Port.tcp(443)

GATEWAYS: Final = {"S3": ec2.GatewayVpcEndpointAwsService.S3, "DynamoDb": ec2.GatewayVpcEndpointAwsService.DYNAMODB}

INTERFACES: Final = {
    "SageMakerApi": ec2.InterfaceVpcEndpointAwsService.SAGEMAKER_API,
    "SageMakerRuntime": ec2.InterfaceVpcEndpointAwsService.SAGEMAKER_RUNTIME,
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    "Api": ec2.InterfaceVpcEndpointAwsService.APIGATEWAY,
    "Kms": ec2.InterfaceVpcEndpointAwsService.KMS,
    "Lambda": ec2.InterfaceVpcEndpointAwsService.LAMBDA_,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Monitoring": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
    "Events": ec2.InterfaceVpcEndpointAwsService.EVENTBRIDGE,
    "Secrets": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "Ssm": ec2.InterfaceVpcEndpointAwsService.SSM,
    "States": ec2.InterfaceVpcEndpointAwsService.STEP_FUNCTIONS,
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
}


class IsolatedNetwork(Construct):
    """Subnets for jobs and functions, and two security groups.

    ``jobs``, which all of them are in, may speak HTTPS to the endpoints and to S3, and to nothing else.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, zones: int, logs_key: kms.IKey, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            # by index: names would need a look-up in the account, and without one `max_azs` never gives more than two
            availability_zones=[Fn.select(index, Fn.get_azs()) for index in range(zones)],
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=20)
            ],
            # emptying the default group takes a Lambda that could change any group; instead nothing uses it (see accepted.py)
            restrict_default_security_group=False,
        )
        self.jobs = self._group("Jobs", "Training and processing jobs")
        self.endpoints = self._group("Endpoints", "Interface endpoints of AWS services")
        self.endpoints.add_ingress_rule(self.jobs, ec2.Port.HTTPS, "HTTPS from the jobs")
        self.jobs.add_egress_rule(self.endpoints, ec2.Port.HTTPS, "HTTPS to the endpoints")
        self.jobs.connections.allow_internally(ec2.Port.all_tcp(), "Workers of one distributed job")
        self._add_endpoints()
        FlowLog(self, "FlowLog", vpc=self.vpc, key=logs_key, removal_policy=removal_policy)

    @property
    def subnets(self) -> list[str]:
        """Ids of the isolated subnets."""
        return [subnet.subnet_id for subnet in self.vpc.isolated_subnets]

    def _subnet_arns(self) -> list[str]:
        stack = Stack.of(self)
        return [stack.format_arn(service="ec2", resource="subnet", resource_name=subnet) for subnet in self.subnets]

    def attachment_statements(self) -> list[iam.PolicyStatement]:
        """What a role needs so that SageMaker or Lambda can attach its work to this network."""
        stack = Stack.of(self)
        interfaces = stack.format_arn(service="ec2", resource="network-interface", resource_name="*")
        unnamed = stack.format_arn(service="ec2", resource="*", resource_name="*")
        group = stack.format_arn(service="ec2", resource="security-group", resource_name=self.jobs.security_group_id)
        return [
            iam.PolicyStatement(actions=["ec2:CreateNetworkInterface"], resources=[interfaces, group, *self._subnet_arns()]),
            iam.PolicyStatement(
                actions=["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission"], resources=[interfaces]
            ),
            # Lambda tries these without an interface's id before it makes a function; only this form of resource matches that
            iam.PolicyStatement(
                actions=["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"],
                resources=[interfaces, unnamed],
            ),
            iam.PolicyStatement(
                actions=[
                    "ec2:DescribeDhcpOptions",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                ],
                resources=["*"],  # EC2 knows no resource for these
            ),
        ]

    def _group(self, construct_id: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(self, construct_id, vpc=self.vpc, description=description, allow_all_outbound=False)

    def _add_endpoints(self) -> None:
        for name, gateway in GATEWAYS.items():
            self.vpc.add_gateway_endpoint(name, service=gateway)
        self.interfaces = {
            name: self.vpc.add_interface_endpoint(name, service=interface, security_groups=[self.endpoints], open=False)
            for name, interface in INTERFACES.items()
        }
        # S3 answers from public addresses, through the gateway; where the route leads is what keeps this inside
        self.jobs.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "HTTPS to S3, by the gateway endpoint: the only route out")
