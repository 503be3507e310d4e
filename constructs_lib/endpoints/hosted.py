"""What the three kinds that SageMaker hosts have in common: role, model, configuration and endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from constructs_lib.endpoints.model_endpoint import EndpointMetrics, ModelEndpoint, ServingSite, minutely
from constructs_lib.training.job_role import container_statements
from constructs_lib.training.model_registry import ModelSlot

VARIANT: Final = "main"
"""The one variant. Its name never changes: updates with a rollback keep it, and so does what scales it."""


class HostedEndpoint(ModelEndpoint):
    """A SageMaker endpoint of one variant with the given ``capacity``; what its kind adds is set on its three resources."""

    def __init__(self, scope: Construct, id: str, *, slot: ModelSlot, site: ServingSite, capacity: Mapping[str, Any]) -> None:
        super().__init__(scope, id, slot=slot, site=site)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        logs = (f"Endpoints/{self.endpoint_name}", "Endpoints")
        self.policy = iam.ManagedPolicy(self, "Policy", roles=[self.role], statements=container_statements(self, logs))
        site.registry.image.grant_pull(self.policy)
        site.models.grant_read(self.policy, site.registry.task.value)
        # no names but the endpoint's: CloudFormation replaces a model or configuration by one beside it
        container = sagemaker.CfnModel.ContainerDefinitionProperty(model_package_name=self.package.value_as_string)
        self.model = sagemaker.CfnModel(self, "Model", execution_role_arn=self.role.role_arn, containers=[container])
        self.model.node.add_dependency(self.policy)
        self.config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            kms_key_id=site.models.key.key_arn,
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=VARIANT, model_name=self.model.attr_model_name, initial_variant_weight=1, **capacity
                )
            ],
        )
        self.endpoint = sagemaker.CfnEndpoint(
            self, "Endpoint", endpoint_name=self.endpoint_name, endpoint_config_name=self.config.attr_endpoint_config_name
        )
        self.only_with_a_model(self.model, self.config, self.endpoint)

    def metrics(self) -> EndpointMetrics:
        """As SageMaker publishes them; time is in microseconds."""
        return EndpointMetrics(
            invocations=self._metric("Invocations", "Sum"),
            errors=self._metric("Invocation5XXErrors", "Sum"),
            latency=self._metric("ModelLatency", "p95"),
            ticks_per_ms=1000,
        )

    def _metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        return minutely("AWS/SageMaker", name, {"EndpointName": self.endpoint_name, "VariantName": VARIANT}, statistic)

    def grant_invoke(self, grantee: iam.IGrantable) -> None:
        self.allow(grantee, "sagemaker:InvokeEndpoint", service="sagemaker", resource=f"endpoint/{self.endpoint_name}")
