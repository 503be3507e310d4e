"""The reader as a function: nothing to pay while nobody asks, and inside the network, which serverless endpoints are not."""

from __future__ import annotations

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.container_images import FunctionImage
from constructs_lib.endpoints.model_endpoint import EndpointMetrics, Kind, ModelEndpoint, ServingSite, minutely
from constructs_lib.endpoints.settings import OnLambda
from constructs_lib.runtime_function import RuntimeFunction
from constructs_lib.training.model_registry import ModelSlot

BUNDLE_SPACE_MB: Final = 2048
"""For the bundle's archive and its files, of the largest network that a task can choose."""


class LambdaEndpoint(ModelEndpoint):
    """The function ``serve``, which fetches the slot's model when it starts. The deployment of another model starts it anew."""

    kind = Kind.LAMBDA
    max_body_bytes = 4_500_000

    def __init__(self, scope: Construct, id: str, *, settings: OnLambda, slot: ModelSlot, site: ServingSite) -> None:
        super().__init__(scope, id, slot=slot, site=site)
        self.function = RuntimeFunction(
            self,
            "Reader",
            handler="serve",
            place=site.place,
            environment={"MODEL_PACKAGE": self.package.value_as_string},
            image=FunctionImage(self, "Image"),
            memory_mb=settings.memory_mb,
            timeout_seconds=60,
            concurrency=settings.concurrency,
        )
        resource = self.function.function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.function_name = self.endpoint_name
        resource.ephemeral_storage = lambda_.CfnFunction.EphemeralStorageProperty(size=BUNDLE_SPACE_MB)
        self.only_with_a_model(resource)
        self._allow_the_model()

    def metrics(self) -> EndpointMetrics:
        """As Lambda publishes them; time is in milliseconds."""
        of = {"FunctionName": self.endpoint_name}
        return EndpointMetrics(
            invocations=minutely("AWS/Lambda", "Invocations", of, "Sum"),
            errors=minutely("AWS/Lambda", "Errors", of, "Sum"),
            latency=minutely("AWS/Lambda", "Duration", of, "p95"),
            ticks_per_ms=1,
        )

    def grant_invoke(self, grantee: iam.IGrantable) -> None:
        self.allow(grantee, "lambda:InvokeFunction", service="lambda", resource=f"function:{self.endpoint_name}")

    def _allow_the_model(self) -> None:
        registry = self.site.registry
        packages = Stack.of(self).format_arn(
            service="sagemaker", resource="model-package", resource_name=f"{registry.group_name}/*"
        )
        self.function.policy.add_statements(iam.PolicyStatement(actions=["sagemaker:DescribeModelPackage"], resources=[packages]))
        self.site.models.grant_read(self.function.policy, registry.task.value)
