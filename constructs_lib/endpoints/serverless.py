"""An endpoint that costs nothing while nobody asks. SageMaker keeps it outside of any VPC."""

from __future__ import annotations

from typing import Any, Final

import jsii
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct, IValidation

from constructs_lib.endpoints.hosted import HostedEndpoint
from constructs_lib.endpoints.model_endpoint import Kind, ServingSite
from constructs_lib.endpoints.settings import Serverless
from constructs_lib.training.model_registry import ModelSlot

INSTEAD: Final = "SageMaker refuses it on serverless endpoints; choose Realtime in the environment's settings for it"


class ServerlessEndpoint(HostedEndpoint):
    """One serverless variant. Whoever alters its resources into what SageMaker would refuse is told so at synthesis."""

    kind = Kind.SERVERLESS
    max_body_bytes = 4 * 2**20

    def __init__(self, scope: Construct, id: str, *, settings: Serverless, slot: ModelSlot, site: ServingSite) -> None:
        size = sagemaker.CfnEndpointConfig.ServerlessConfigProperty(
            memory_size_in_mb=settings.memory_mb,
            max_concurrency=settings.max_concurrency,
            provisioned_concurrency=settings.provisioned_concurrency or None,
        )
        super().__init__(scope, id, slot=slot, site=site, capacity={"serverless_config": size})
        self.node.add_validation(_Possible(self))


@jsii.implements(IValidation)
class _Possible:
    """Asked when the template is written, after everybody has had a hand in it."""

    def __init__(self, endpoint: ServerlessEndpoint) -> None:
        self._endpoint = endpoint

    def validate(self) -> list[str]:
        model, config = self._endpoint.model, self._endpoint.config
        variants: Any = config.production_variants
        asked = {
            "a VPC": model.vpc_config or config.vpc_config,
            "network isolation": model.enable_network_isolation or config.enable_network_isolation,
            "data capture": config.data_capture_config,
            "asynchronous inference": config.async_inference_config,
            "a shadow variant": config.shadow_production_variants,
            "more than one variant": isinstance(variants, list) and len(variants) > 1,
            "an instance, with or without GPU": isinstance(variants, list) and any(_instance(one) for one in variants),
        }
        return [
            f"serverless endpoint '{self._endpoint.endpoint_name}' asks for {what}; {INSTEAD}"
            for what, has in asked.items()
            if has
        ]


def _instance(variant: Any) -> Any:
    return getattr(variant, "instance_type", None)
