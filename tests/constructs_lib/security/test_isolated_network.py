from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2

from constructs_lib.security.isolated_network import GATEWAYS, INTERFACES, IsolatedNetwork
from tests.infra import Scope, many, of_type, text_of


def built(zones: int = 2) -> tuple[Scope, IsolatedNetwork]:
    scope = Scope()
    key = scope.keys().audit
    network = IsolatedNetwork(scope.stack, "Network", zones=zones, logs_key=key, removal_policy=RemovalPolicy.RETAIN)
    return scope, network


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    scope, _ = built()
    return dict(scope.template().to_json())


def test_there_is_no_way_out(template: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}

    assert not kinds & {
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NatGateway",
        "AWS::EC2::EgressOnlyInternetGateway",
        "AWS::EC2::Route",
    }
    assert all(subnet["MapPublicIpOnLaunch"] is False for subnet in of_type(template, "AWS::EC2::Subnet"))


@pytest.mark.parametrize("zones", [2, 3])
def test_there_is_a_subnet_in_every_zone_asked_for(zones: int) -> None:
    scope, network = built(zones)

    zones_used = {str(subnet["AvailabilityZone"]) for subnet in of_type(scope.template().to_json(), "AWS::EC2::Subnet")}
    assert len(zones_used) == len(network.subnets) == zones


def test_services_are_reached_by_endpoints_with_a_group_of_their_own(template: dict[str, Any]) -> None:
    """Never by the VPC's default group, which is open and cannot be closed (accepted.py)."""
    endpoints = of_type(template, "AWS::EC2::VPCEndpoint")
    interfaces = [endpoint for endpoint in endpoints if endpoint["VpcEndpointType"] == "Interface"]

    assert len(endpoints) == len(GATEWAYS) + len(INTERFACES)
    assert len(interfaces) == len(INTERFACES)
    assert all("NetworkEndpoints" in str(endpoint["SecurityGroupIds"]) for endpoint in interfaces)
    assert all(endpoint["PrivateDnsEnabled"] for endpoint in interfaces)


def test_jobs_speak_https_only_and_nobody_outside_speaks_to_them(template: dict[str, Any]) -> None:
    """Inside their own group they may: that is how the workers of one job talk."""
    jobs = next(g for g in of_type(template, "AWS::EC2::SecurityGroup") if "jobs" in g["GroupDescription"].lower())
    assert {(rule["FromPort"], rule["ToPort"]) for rule in jobs["SecurityGroupEgress"]} == {(443, 443)}
    assert "SecurityGroupIngress" not in jobs

    rules = of_type(template, "AWS::EC2::SecurityGroupIngress")
    assert all("SourceSecurityGroupId" in rule for rule in rules)


def test_lambda_may_try_to_delete_an_interface_that_has_no_name_yet() -> None:
    """Before it makes a function; ``network-interface/*`` does not match that, and no function could be made."""
    scope, network = built()
    found = [scope.stack.resolve(statement.to_json()) for statement in network.attachment_statements()]
    (deletion,) = [s for s in found if "ec2:DeleteNetworkInterface" in many(s["Action"])]

    assert any(text_of(resource).endswith(":*/*") for resource in many(deletion["Resource"]))
    assert all("*" not in many(s["Resource"]) for s in found if "Describe" not in str(s["Action"]))


def test_flow_logs_are_encrypted_and_kept_for_six_years() -> None:
    scope, _ = built()
    template = scope.template()

    template.has_resource_properties("AWS::EC2::FlowLog", {"ResourceType": "VPC", "TrafficType": "ALL"})
    template.all_resources_properties("AWS::Logs::LogGroup", {"RetentionInDays": 2192})
    assert all("KmsKeyId" in group for group in of_type(template.to_json(), "AWS::Logs::LogGroup"))


def test_the_only_finding_is_the_default_group() -> None:
    scope, _ = built()

    assert scope.findings() == {("HIPAA.Security-VPCDefaultSecurityGroupClosed", "stack/Network/Vpc/Resource")}


def test_the_checks_find_a_network_without_flow_logs() -> None:
    scope = Scope()
    ec2.Vpc(scope.stack, "Plain")

    assert "HIPAA.Security-VPCFlowLogsEnabled" in {rule for rule, _ in scope.findings()}
