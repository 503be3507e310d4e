"""What endpoints on machines of their own share: the network without a way out, updates that roll back, scaling."""

from __future__ import annotations

from typing import Any, Final

from aws_cdk import CfnResource
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_sagemaker as sagemaker

from constructs_lib.endpoints.hosted import VARIANT, HostedEndpoint
from constructs_lib.endpoints.serving_instance import ServingInstance

BAKING_SECONDS: Final = 600
"""How long the alarms are watched after traffic has moved: five periods of a minute, twice."""

MINUTE, HOUR = 60, 3600


def capacity_of(instance: ServingInstance, count: int) -> dict[str, Any]:
    """The variant: so many machines, each given the request for which it has most room."""
    return {
        "instance_type": instance.type_name,
        "initial_instance_count": count,
        "model_data_download_timeout_in_seconds": 10 * MINUTE,
        "container_startup_health_check_timeout_in_seconds": 5 * MINUTE,
        "routing_config": sagemaker.CfnEndpointConfig.RoutingConfigProperty(routing_strategy="LEAST_OUTSTANDING_REQUESTS"),
    }


def isolate(endpoint: HostedEndpoint) -> None:
    """The container runs in the isolated subnets and cannot open a connection; SageMaker brings it its model and its requests."""
    network = endpoint.site.place.network
    endpoint.model.enable_network_isolation = True
    endpoint.model.vpc_config = sagemaker.CfnModel.VpcConfigProperty(
        security_group_ids=[network.jobs.security_group_id], subnets=network.subnets
    )
    endpoint.policy.add_statements(*network.attachment_statements())


def roll_back_on_alarms(endpoint: HostedEndpoint, *, fewest_instances: int) -> None:
    """A new model gets machines beside the old ones, and the old ones get their traffic back when an alarm goes off.

    One machine of the new fleet answers first where there are at least two: SageMaker allows half of a fleet at most.
    """
    canary = fewest_instances >= 2
    one = sagemaker.CfnEndpoint.CapacitySizeProperty(type="INSTANCE_COUNT", value=1)
    endpoint.endpoint.deployment_config = sagemaker.CfnEndpoint.DeploymentConfigProperty(
        blue_green_update_policy=sagemaker.CfnEndpoint.BlueGreenUpdatePolicyProperty(
            traffic_routing_configuration=sagemaker.CfnEndpoint.TrafficRoutingConfigProperty(
                type="CANARY" if canary else "ALL_AT_ONCE",
                canary_size=one if canary else None,
                wait_interval_in_seconds=BAKING_SECONDS,
            ),
            termination_wait_in_seconds=BAKING_SECONDS,
            maximum_execution_timeout_in_seconds=HOUR,
        ),
        auto_rollback_configuration=sagemaker.CfnEndpoint.AutoRollbackConfigProperty(
            alarms=[sagemaker.CfnEndpoint.AlarmProperty(alarm_name=alarm.alarm_name) for alarm in endpoint.alarms]
        ),
    )


def scalable(
    endpoint: HostedEndpoint,
    *,
    min_instances: int,
    max_instances: int,
    schedule: list[scaling.CfnScalableTarget.ScheduledActionProperty] | None = None,
) -> scaling.CfnScalableTarget:
    """The number of machines as something that may change. The service's own linked role changes it."""
    target = scaling.CfnScalableTarget(
        endpoint,
        "Capacity",
        service_namespace="sagemaker",
        scalable_dimension="sagemaker:variant:DesiredInstanceCount",
        resource_id=f"endpoint/{endpoint.endpoint_name}/variant/{VARIANT}",
        min_capacity=min_instances,
        max_capacity=max_instances,
        scheduled_actions=schedule,
    )
    target.add_resource_dependency(endpoint.endpoint)
    endpoint.only_with_a_model(target)
    return target


def scaling_policy(target: scaling.CfnScalableTarget, id: str, *, endpoint: HostedEndpoint, **how: Any) -> CfnResource:
    """When to change it; ``how`` is the configuration of one type of policy."""
    policy = scaling.CfnScalingPolicy(
        endpoint,
        id,
        policy_name=f"{endpoint.endpoint_name}-{id.lower()}",
        policy_type="StepScaling" if "step_scaling_policy_configuration" in how else "TargetTrackingScaling",
        scaling_target_id=target.ref,
        **how,
    )
    endpoint.only_with_a_model(policy)
    return policy
