"""An endpoint on machines that always run, in the network without a way out."""

from __future__ import annotations

from aws_cdk import aws_applicationautoscaling as scaling
from constructs import Construct

from constructs_lib.endpoints.hosted import HostedEndpoint
from constructs_lib.endpoints.instances import capacity_of, isolate, roll_back_on_alarms, scalable, scaling_policy
from constructs_lib.endpoints.model_endpoint import Kind, ServingSite
from constructs_lib.endpoints.settings import Realtime
from constructs_lib.training.model_registry import ModelSlot

Action = scaling.CfnScalableTarget.ScheduledActionProperty


class RealtimeEndpoint(HostedEndpoint):
    """Scales on requests for each machine, and to fewer by the clock; a new model replaces the old one under watch.

    SageMaker does not change the instance type of a variant that scales: to change it, deploy once with the slot empty.
    """

    kind = Kind.REALTIME
    max_body_bytes = 6_291_456

    def __init__(self, scope: Construct, id: str, *, settings: Realtime, slot: ModelSlot, site: ServingSite) -> None:
        super().__init__(scope, id, slot=slot, site=site, capacity=capacity_of(settings.instance, settings.min_instances))
        isolate(self)
        roll_back_on_alarms(self, fewest_instances=settings.fewest)
        # a new model starts with as many machines as the old one has now, not with as many as it had on its first day
        self.endpoint.retain_all_variant_properties = True
        target = scalable(
            self, min_instances=settings.min_instances, max_instances=settings.max_instances, schedule=schedule_of(settings)
        )
        tracking = scaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
            target_value=settings.invocations_per_instance,
            predefined_metric_specification=scaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                predefined_metric_type="SageMakerVariantInvocationsPerInstance"
            ),
            scale_out_cooldown=60,
            scale_in_cooldown=300,
        )
        scaling_policy(target, "Load", endpoint=self, target_tracking_scaling_policy_configuration=tracking)


def schedule_of(settings: Realtime) -> list[Action] | None:
    """The lower limit falls when the quiet hours begin and rises when they end; the upper one stays."""
    quiet = settings.quiet_hours
    if not quiet:
        return None
    changes = {"quiet": (quiet.start, quiet.min_instances), "busy": (quiet.end, settings.min_instances)}
    return [
        Action(
            scheduled_action_name=name,
            schedule=f"cron(0 {hour} * * ? *)",
            timezone=quiet.time_zone,
            scalable_target_action=scaling.CfnScalableTarget.ScalableTargetActionProperty(
                min_capacity=instances, max_capacity=settings.max_instances
            ),
        )
        for name, (hour, instances) in changes.items()
    ]
