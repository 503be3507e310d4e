"""The environments. What differs between dev, staging and prod stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import RemovalPolicy

from constructs_lib.serverless_endpoint import ServerlessCapacity
from constructs_lib.training_image import ACCOUNTS
from constructs_lib.training_pipeline import PipelineDefaults
from model_code.contract import Architecture, Task


@dataclass(frozen=True)
class Environment:
    """One deployment. The account is the one whose credentials deploy it; synthesis needs none.

    Raises:
        ValueError: a value is not allowed; the message says the value, what is allowed and what to do.
    """

    name: str
    region: str
    zones: int
    keeps_data: bool
    """Whether buckets, keys and logs outlive their stacks."""
    pipeline: PipelineDefaults
    endpoint: ServerlessCapacity

    def __post_init__(self) -> None:
        if not self.name.isalnum() or not self.name.islower():
            raise ValueError(f"environment name is '{self.name}'; allowed are lower-case letters and digits: it names resources")
        if self.region not in ACCOUNTS:
            raise ValueError(f"region of '{self.name}' is '{self.region}'; choose one of: {', '.join(ACCOUNTS)}")
        if not 2 <= self.zones <= 3:
            raise ValueError(
                f"zones of '{self.name}' is {self.zones}; allowed are 2 or 3: one would be a single point of failure"
            )

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack is destroyed."""
        return RemovalPolicy.RETAIN if self.keeps_data else RemovalPolicy.DESTROY


DEV: Final = Environment(
    name="dev",
    region="us-east-1",
    zones=2,
    keeps_data=False,
    pipeline=PipelineDefaults(
        task=Task.CHEST14,
        architecture=Architecture.DENSENET121,
        epochs=3,
        training_instance="ml.m5.2xlarge",
        processing_instance="ml.m5.xlarge",
    ),
    endpoint=ServerlessCapacity(memory_mb=3072, max_concurrency=2),
)

STAGING: Final = Environment(
    name="staging",
    region="us-east-1",
    zones=2,
    keeps_data=True,
    pipeline=PipelineDefaults(
        task=Task.CHEST14,
        architecture=Architecture.DENSENET121,
        epochs=10,
        training_instance="ml.g5.2xlarge",
        processing_instance="ml.m5.2xlarge",
    ),
    endpoint=ServerlessCapacity(memory_mb=4096, max_concurrency=5),
)

PROD: Final = Environment(
    name="prod",
    region="us-east-1",
    zones=3,
    keeps_data=True,
    pipeline=PipelineDefaults(
        task=Task.CHEST14,
        architecture=Architecture.DENSENET121,
        epochs=30,
        training_instance="ml.g5.2xlarge",
        processing_instance="ml.m5.4xlarge",
    ),
    endpoint=ServerlessCapacity(memory_mb=6144, max_concurrency=20),
)

ENVIRONMENTS: Final = {environment.name: environment for environment in (DEV, STAGING, PROD)}


def environment_named(name: str) -> Environment:
    """The environment of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in ENVIRONMENTS:
        raise ValueError(f"unknown environment '{name}'; choose one with -c env=NAME: {', '.join(ENVIRONMENTS)}")
    return ENVIRONMENTS[name]
