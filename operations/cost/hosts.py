"""Where a model may live, and from how many reads a month an instance is cheaper than paying by the second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from operations.assembly import SynthesizedStack
from operations.cost.per_use import serverless_memory_gb
from operations.cost.prices import HOURS, Prices
from operations.cost.resources import of_kind
from operations.cost.usage import INSTANCE_SECONDS, MODEL_SECONDS, REALTIME_INSTANCE

DEFAULT_MEMORY_GB: Final = 4.0
FILM_MB: Final = 1.0
"""Serverless takes at most 4 MB a request, so a film goes there compressed."""


@dataclass(frozen=True)
class Hosts:
    """Serving alone, without API and storage."""

    memory_gb: float
    instance: str
    instances: int
    serverless_read: float
    lambda_read: float
    realtime_month: float

    @property
    def capacity(self) -> float:
        """Reads a month that the instances can do."""
        return self.instances * HOURS * 3600 / INSTANCE_SECONDS

    def break_even(self, a_read: float) -> float:
        """Reads a month from which the instances are cheaper."""
        return self.realtime_month / a_read


def hosts(stacks: Sequence[SynthesizedStack], prices: Prices) -> Hosts:
    """The three hosts at this environment's memory and, where it has one, instance."""
    memory = serverless_memory_gb(stacks) or DEFAULT_MEMORY_GB
    variants = [
        variant
        for config in of_kind(stacks, "AWS::SageMaker::EndpointConfig")
        for variant in config.get("ProductionVariants", [])
        if "InstanceType" in variant
    ]
    instance, count = REALTIME_INSTANCE, 1
    if variants:
        instance, count = variants[0]["InstanceType"], int(variants[0].get("InitialInstanceCount", 1))
    seconds = memory * MODEL_SECONDS
    return Hosts(
        memory_gb=memory,
        instance=instance,
        instances=count,
        serverless_read=seconds * prices["serverless_gb_second"] + FILM_MB / 1024 * prices["serverless_gb"],
        lambda_read=seconds * prices["lambda_gb_second"] + prices["lambda_request"],
        realtime_month=count * HOURS * prices[f"instance_hour_{instance}"],
    )
