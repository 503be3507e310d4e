"""Where models wait for a person."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.container_images import ServingImage
from constructs_lib.training.model_registry import ModelRegistry
from stacks.environments import Environment


class RegistryStack(Stack):
    """The model package groups, and the image that serves what is approved of the environment's task."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        super().__init__(scope, construct_id)
        image = ServingImage(self, "ServingImage")
        self.registry = ModelRegistry(self, "Registry", task=environment.task, image=image)
        self.registry.apply_removal_policy(environment.removal_policy)
