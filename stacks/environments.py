"""The environments. What differs between dev, staging and prod stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import RemovalPolicy

from constructs_lib.container_images import base_image
from constructs_lib.errors import ConfigurationError, require_one_of, require_range
from constructs_lib.job_instance import JobInstance
from constructs_lib.serverless_endpoint import ServerlessCapacity
from constructs_lib.training_pipeline import TrainingPlan
from model_code.contract import Architecture, Task


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment. Its account is the one whose credentials deploy it; synthesis needs none.

    Raises:
        ConfigurationError: a value is not allowed; the message says the value, what is allowed and what to do.
    """

    name: str
    region: str
    zones: int
    keeps_data: bool
    """Whether buckets, keys and logs outlive their stacks."""
    task: Task
    training: TrainingPlan
    endpoint: ServerlessCapacity

    def __post_init__(self) -> None:
        if not (self.name.isalnum() and self.name.islower() and len(self.name) <= 12):
            raise ConfigurationError(
                f"environment name is '{self.name}'; allowed: up to 12 lower-case letters and digits; it becomes part of names"
            )
        require_range("zones", self.zones, 2, 3, advice="one zone would be a single point of failure")
        base_image(self.region, self.training.training.accelerator)  # refuses a region without training images

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack is destroyed."""
        return RemovalPolicy.RETAIN if self.keeps_data else RemovalPolicy.DESTROY


DEV: Final = Environment(
    name="dev",
    region="us-east-1",
    zones=2,
    keeps_data=False,
    task=Task.CHEST14,
    training=TrainingPlan(
        architecture=Architecture.DENSENET121, epochs=3, training=JobInstance.M5_2XLARGE, processing=JobInstance.M5_XLARGE
    ),
    endpoint=ServerlessCapacity(memory_mb=3072, max_concurrency=2),
)

STAGING: Final = Environment(
    name="staging",
    region="us-east-1",
    zones=2,
    keeps_data=True,
    task=Task.CHEST14,
    training=TrainingPlan(
        architecture=Architecture.DENSENET121, epochs=10, training=JobInstance.G5_XLARGE, processing=JobInstance.M5_2XLARGE
    ),
    endpoint=ServerlessCapacity(memory_mb=4096, max_concurrency=5),
)

PROD: Final = Environment(
    name="prod",
    region="us-east-1",
    zones=3,
    keeps_data=True,
    task=Task.CHEST14,
    training=TrainingPlan(
        architecture=Architecture.DENSENET121, epochs=30, training=JobInstance.G5_2XLARGE, processing=JobInstance.M5_2XLARGE
    ),
    endpoint=ServerlessCapacity(memory_mb=6144, max_concurrency=20),
)

ENVIRONMENTS: Final = {environment.name: environment for environment in (DEV, STAGING, PROD)}


def environment_named(name: str) -> Environment:
    """The environment of that name.

    Raises:
        ConfigurationError: there is none.
    """
    require_one_of("environment", name, ENVIRONMENTS, "choose one with -c env=NAME")
    return ENVIRONMENTS[name]
