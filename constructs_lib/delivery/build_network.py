"""The network of builds: they fetch packages and images, so there is a way out, and none in."""

from __future__ import annotations

from typing import Final

from aws_cdk import Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib.security.flow_log import FlowLog

ZONES: Final = 2


class BuildNetwork(Construct):
    """Private subnets, and HTTPS to the internet through one regional NAT gateway.

    It is not the platform's network and has no route to it: the platform's has no way out at all, and builds see source code,
    never films. Without a way out, packages would have to be copied into CodeArtifact and base images into ECR first, which
    fetches the same bytes by another road and leaves two registries to look after.

    A regional NAT gateway belongs to the VPC and not to a subnet. So there is no public subnet in which something might be
    put by mistake: no route table of ours leads to the internet gateway, which is what HIPAA.Security asks
    (VPCNoUnrestrictedRouteToIGW). It follows the subnets into their zones by itself. AWS has it in its commercial regions.
    """

    def __init__(self, scope: Construct, construct_id: str, *, logs_key: kms.IKey, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=[Fn.select(index, Fn.get_azs()) for index in range(ZONES)],
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="builds", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20)
            ],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            # as in IsolatedNetwork: emptying the default group takes a Lambda; instead nothing uses it (see accepted.py)
            restrict_default_security_group=False,
        )
        self.builds = ec2.SecurityGroup(
            self, "Builds", vpc=self.vpc, description="Builds: HTTPS out, nothing in", allow_all_outbound=False
        )
        self.builds.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "HTTPS to registries and to AWS")
        self._lead_out()
        FlowLog(self, "FlowLog", vpc=self.vpc, key=logs_key, removal_policy=removal_policy)

    def _lead_out(self) -> None:
        nat = ec2.CfnNatGateway(self, "Nat", vpc_id=self.vpc.vpc_id, availability_mode="regional", connectivity_type="public")
        nat.node.add_dependency(self.vpc.node.find_child("VPCGW"))  # the internet gateway's attachment
        for index, subnet in enumerate(self.vpc.private_subnets, start=1):
            ec2.CfnRoute(
                self,
                f"WayOut{index}",
                route_table_id=subnet.route_table.route_table_id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nat.attr_nat_gateway_id,
            )
