"""An endpoint for whole DICOM files: films come and readings go by reference to S3, and no machine runs while none waits."""

from __future__ import annotations

from typing import Any, Final

from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from constructs_lib.endpoints.hosted import HostedEndpoint
from constructs_lib.endpoints.instances import capacity_of, isolate, roll_back_on_alarms, scalable, scaling_policy
from constructs_lib.endpoints.model_endpoint import EndpointMetrics, Kind, ServingSite, minutely
from constructs_lib.endpoints.settings import Async
from constructs_lib.training.model_registry import ModelSlot
from constructs_lib.workflows.encrypted_topic import EncryptedTopic

FILMS: Final = "uploads"
"""Callers put films below it in the bucket of studies."""

ANSWERS: Final = "readings"
"""Below it stand answers, in ``<endpoint>/``, and why there is none, in ``<endpoint>-failed/``."""

WAITING_PER_INSTANCE: Final = 5
"""Films that wait for each machine before another one is started."""


class AsyncEndpoint(HostedEndpoint):
    """Scales with the queue, to none when it is empty and from none when a film comes in."""

    kind = Kind.ASYNC
    max_body_bytes = 2**30

    def __init__(self, scope: Construct, id: str, *, settings: Async, slot: ModelSlot, site: ServingSite) -> None:
        super().__init__(scope, id, slot=slot, site=site, capacity=capacity_of(settings.instance, 1))
        isolate(self)
        roll_back_on_alarms(self, fewest_instances=1)
        self.read = EncryptedTopic(self, "Read", key=site.place.keys.messages)
        self.failed = EncryptedTopic(self, "Failed", key=site.place.keys.messages)
        self.config.async_inference_config = self._by_reference()
        self._allow_references()
        target = scalable(self, min_instances=0, max_instances=settings.max_instances)
        self._scale_with_the_queue(target)
        self._wake(target)

    def metrics(self) -> EndpointMetrics:
        """Asynchronous endpoints do not count invocations; each has a latency, though."""
        hosted = super().metrics()
        return EndpointMetrics(
            invocations=self._metric("ModelLatency", "SampleCount"),
            errors=hosted.errors,
            latency=hosted.latency,
            ticks_per_ms=hosted.ticks_per_ms,
        )

    def grant_invoke(self, grantee: iam.IGrantable) -> None:
        """Films must stand in the bucket of studies; the grant to write them there is the bucket's."""
        arn = f"endpoint/{self.endpoint_name}"
        self.allow(grantee, "sagemaker:InvokeEndpointAsync", service="sagemaker", resource=arn)

    def _by_reference(self) -> sagemaker.CfnEndpointConfig.AsyncInferenceConfigProperty:
        bucket, name = self.site.studies.bucket.bucket_name, self.endpoint_name
        return sagemaker.CfnEndpointConfig.AsyncInferenceConfigProperty(
            output_config=sagemaker.CfnEndpointConfig.AsyncInferenceOutputConfigProperty(
                kms_key_id=self.site.studies.key.key_arn,
                s3_output_path=f"s3://{bucket}/{ANSWERS}/{name}",
                s3_failure_path=f"s3://{bucket}/{ANSWERS}/{name}-failed",
                # messages name the answer's place; the answer itself stays in the bucket
                notification_config=sagemaker.CfnEndpointConfig.AsyncInferenceNotificationConfigProperty(
                    success_topic=self.read.topic.topic_arn, error_topic=self.failed.topic.topic_arn
                ),
            ),
            client_config=sagemaker.CfnEndpointConfig.AsyncInferenceClientConfigProperty(
                max_concurrent_invocations_per_instance=2
            ),
        )

    def _allow_references(self) -> None:
        studies = self.site.studies
        studies.grant_read(self.policy, FILMS)
        studies.bucket.grant_put(self.policy, f"{ANSWERS}/{self.endpoint_name}*")
        for topic in (self.read, self.failed):
            topic.grant_publish(self.policy)

    def _scale_with_the_queue(self, target: scaling.CfnScalableTarget) -> None:
        waiting = scaling.CfnScalingPolicy.CustomizedMetricSpecificationProperty(
            namespace="AWS/SageMaker",
            metric_name="ApproximateBacklogSizePerInstance",
            statistic="Average",
            dimensions=[scaling.CfnScalingPolicy.MetricDimensionProperty(name="EndpointName", value=self.endpoint_name)],
        )
        tracking = scaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
            target_value=WAITING_PER_INSTANCE,
            customized_metric_specification=waiting,
            scale_out_cooldown=300,
            scale_in_cooldown=600,
        )
        scaling_policy(target, "Queue", endpoint=self, target_tracking_scaling_policy_configuration=tracking)

    def _wake(self, target: scaling.CfnScalableTarget) -> None:
        """Target tracking divides by the number of machines, so it cannot start the first one."""
        step: Any = scaling.CfnScalingPolicy.StepAdjustmentProperty(metric_interval_lower_bound=0, scaling_adjustment=1)
        steps = scaling.CfnScalingPolicy.StepScalingPolicyConfigurationProperty(
            adjustment_type="ChangeInCapacity", metric_aggregation_type="Maximum", cooldown=300, step_adjustments=[step]
        )
        policy = scaling_policy(target, "Wake", endpoint=self, step_scaling_policy_configuration=steps)
        alarm = cloudwatch.Alarm(
            self,
            "Asleep",
            # a name of its own: those that CloudFormation names are what a release is judged by, and this is no bad sign
            alarm_name=f"{self.endpoint_name}-asleep",
            metric=minutely("AWS/SageMaker", "HasBacklogWithoutCapacity", {"EndpointName": self.endpoint_name}, "Maximum"),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=2,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{self.endpoint_name}: films wait and no machine runs; starts one",
        )
        resource = alarm.node.default_child
        assert isinstance(resource, cloudwatch.CfnAlarm)
        resource.alarm_actions = [policy.ref]
        self.only_with_a_model(resource)
