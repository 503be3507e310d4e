"""What endpoints on machines of their own share."""

from __future__ import annotations

import pytest

from constructs_lib.endpoints.serving_instance import ServingInstance
from constructs_lib.endpoints.settings import Realtime
from tests.constructs_lib.endpoints.conftest import Built
from tests.infra import many, statements


@pytest.fixture(params=["realtime", "asynchronous"])
def on_machines(request: pytest.FixtureRequest) -> Built:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Built)
    return found


def test_the_container_is_in_the_isolated_subnets_and_cannot_connect(on_machines: Built) -> None:
    model = on_machines.the("AWS::SageMaker::Model")

    assert model["EnableNetworkIsolation"] is True
    assert len(model["VpcConfig"]["Subnets"]) == 2
    assert len(model["VpcConfig"]["SecurityGroupIds"]) == 1


def test_its_role_may_attach_it_there(on_machines: Built) -> None:
    actions = {action for s in statements(on_machines.part("ChampionPolicy")) for action in many(s["Action"])}

    assert {"ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"} <= actions


def test_the_disk_has_a_customer_key_and_waiting_has_limits(on_machines: Built) -> None:
    config = on_machines.the("AWS::SageMaker::EndpointConfig")
    (variant,) = config["ProductionVariants"]

    assert "KmsKeyId" in config
    assert variant["ModelDataDownloadTimeoutInSeconds"] == 600
    assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == 300
    assert "ServerlessConfig" not in variant


def test_a_new_model_is_watched_and_rolled_back_by_alarms_of_this_stack(on_machines: Built) -> None:
    deployment = on_machines.the("AWS::SageMaker::Endpoint")["DeploymentConfig"]
    named = [alarm["AlarmName"]["Ref"] for alarm in deployment["AutoRollbackConfiguration"]["Alarms"]]
    alarms = [on_machines.template["Resources"][name]["Properties"]["MetricName"] for name in named]
    policy = deployment["BlueGreenUpdatePolicy"]
    waits = policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"] + policy["TerminationWaitInSeconds"]

    assert sorted(alarms) == ["Invocation5XXErrors", "ModelLatency"]
    assert waits < policy["MaximumExecutionTimeoutInSeconds"]
    assert policy["TerminationWaitInSeconds"] >= 5 * 60, "shorter than the alarms look back"


def test_scaling_waits_for_the_endpoint_and_names_its_variant(on_machines: Built) -> None:
    resources = on_machines.part("Champion")["Resources"].values()
    (target,) = (resource for resource in resources if resource["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget")
    (variant,) = on_machines.the("AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    endpoint = on_machines.the("AWS::SageMaker::Endpoint")

    assert [on_machines.template["Resources"][name]["Type"] for name in target["DependsOn"]] == ["AWS::SageMaker::Endpoint"]
    assert target["Properties"]["ResourceId"] == f"endpoint/{endpoint['EndpointName']}/variant/{variant['VariantName']}"


def test_one_machine_of_the_new_fleet_answers_first_where_there_are_two(realtime: Built) -> None:
    routing = realtime.the("AWS::SageMaker::Endpoint")["DeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]

    assert routing["Type"] == "CANARY"
    assert routing["CanarySize"] == {"Type": "INSTANCE_COUNT", "Value": 1}


def test_a_fleet_of_one_moves_at_once_since_half_of_one_is_none() -> None:
    single = Built(Realtime(instance=ServingInstance.M5_LARGE, invocations_per_instance=60))
    policy = single.the("AWS::SageMaker::Endpoint")["DeploymentConfig"]["BlueGreenUpdatePolicy"]

    assert policy["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    assert "CanarySize" not in policy["TrafficRoutingConfiguration"]
