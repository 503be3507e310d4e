"""An endpoint that costs nothing while nobody asks, and that exists only once a model is approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import CfnCondition, CfnOutput, CfnParameter, CfnResource, Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from constructs_lib.errors import require_range
from constructs_lib.job_role import container_statements
from constructs_lib.model_registry import NO_MODEL, ModelRegistry
from constructs_lib.phi_bucket import PhiBucket

VARIANT: Final = "main"


@dataclass(frozen=True, kw_only=True)
class ServerlessCapacity:
    """Size of a serverless endpoint, within SageMaker's limits.

    Raises:
        ConfigurationError: a value that SageMaker refuses.
    """

    memory_mb: int
    max_concurrency: int

    def __post_init__(self) -> None:
        require_range("memory_mb", self.memory_mb, 1024, 6144, step=1024, advice="serverless endpoints come in these sizes only")
        require_range("max_concurrency", self.max_concurrency, 1, 200, advice="for more, use an instance-backed endpoint")


class ServerlessEndpoint(Construct):
    """Model, configuration and endpoint of the package that the registry's parameter names; none of them while it says none."""

    def __init__(
        self, scope: Construct, id: str, *, registry: ModelRegistry, models: PhiBucket, capacity: ServerlessCapacity
    ) -> None:
        super().__init__(scope, id)
        self._capacity = capacity
        self.endpoint_name = registry.group_name
        self.approved = CfnParameter(
            self,
            "ApprovedModel",
            type="AWS::SSM::Parameter::Value<String>",
            default=registry.approved_parameter,
            description="Name of the SSM parameter with the ARN of the approved model package",
        )
        has_model = CfnCondition(
            self,
            "HasModel",
            expression=Fn.condition_not(Fn.condition_equals(self.approved.value_as_string, NO_MODEL)),
        )
        self.role = self._serving_role(registry, models)
        for resource in self._endpoint(models):
            resource.cfn_options.condition = has_model
        CfnOutput(self, "Name", value=self.endpoint_name, condition=has_model)

    def _serving_role(self, registry: ModelRegistry, models: PhiBucket) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        self._policy = iam.ManagedPolicy(
            self, "Policy", roles=[role], statements=container_statements(self, (f"Endpoints/{self.endpoint_name}", "Endpoints"))
        )
        registry.image.grant_pull(self._policy)
        models.grant_read(self._policy, registry.task.value)
        return role

    def _endpoint(self, models: PhiBucket) -> list[CfnResource]:
        """No names but the endpoint's: CloudFormation replaces a model or configuration by one beside it."""
        model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self.role.role_arn,
            containers=[
                sagemaker.CfnModel.ContainerDefinitionProperty(model_package_name=self.approved.value_as_string),
            ],
        )
        model.node.add_dependency(self._policy)
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            kms_key_id=models.key.key_arn,
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=VARIANT,
                    model_name=model.attr_model_name,
                    initial_variant_weight=1,
                    serverless_config=sagemaker.CfnEndpointConfig.ServerlessConfigProperty(
                        memory_size_in_mb=self._capacity.memory_mb, max_concurrency=self._capacity.max_concurrency
                    ),
                )
            ],
        )
        endpoint = sagemaker.CfnEndpoint(
            self, "Endpoint", endpoint_name=self.endpoint_name, endpoint_config_name=config.attr_endpoint_config_name
        )
        return [model, config, endpoint]
