"""The endpoint of the approved model; empty until there is one."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.serverless_endpoint import ServerlessEndpoint
from stacks.data_stack import DataStack
from stacks.environments import Environment
from stacks.registry_stack import RegistryStack


class EndpointStack(Stack):
    """Serves readings of the approved model."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        data: DataStack,
        registry: RegistryStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self.add_stack_dependency(registry, "its parameter must exist before this stack reads it")
        self.endpoint = ServerlessEndpoint(
            self, "Serverless", registry=registry.registry, models=data.artifacts, capacity=environment.endpoint
        )
