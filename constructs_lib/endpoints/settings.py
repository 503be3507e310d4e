"""How an environment serves: one of four kinds, each with the settings that it has and no others.

What a kind cannot have is not among its fields. A serverless endpoint has no VPC, network isolation, data capture, several
variants, shadow or GPU: who needs the network chooses ``Realtime``; routing between models is the API's work on every kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from constructs_lib.endpoints.serving_instance import ServingInstance, require_serving_instance
from constructs_lib.errors import ConfigurationError, require_range

TIME_ZONE: Final = re.compile(r"UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+)+")


@dataclass(frozen=True, kw_only=True)
class Serverless:
    """Costs nothing while nobody asks; the first reading after a pause waits for a cold start, unless some is provisioned."""

    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int = 0

    def __post_init__(self) -> None:
        require_range("memory_mb", self.memory_mb, 1024, 6144, step=1024, advice="serverless endpoints come in these sizes only")
        require_range("max_concurrency", self.max_concurrency, 1, 200, advice="for more, use an instance-backed endpoint")
        require_range(
            "provisioned_concurrency",
            self.provisioned_concurrency,
            0,
            self.max_concurrency,
            advice="what is kept warm is part of max_concurrency; raise that first",
        )


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """From the hour ``start`` to the hour ``end`` of every day, ``min_instances`` are enough; more come when they are asked."""

    start: int
    end: int
    min_instances: int
    time_zone: str

    def __post_init__(self) -> None:
        require_range("quiet_hours start", self.start, 0, 23, advice="an hour of the day")
        require_range("quiet_hours end", self.end, 0, 23, advice="an hour of the day")
        if self.start == self.end:
            raise ConfigurationError(
                f"quiet_hours start and end are both {self.start}; they must differ; lower min_instances instead"
            )
        if not TIME_ZONE.fullmatch(self.time_zone):
            raise ConfigurationError(
                f"quiet_hours time_zone is '{self.time_zone}'; allowed: UTC or Area/City (America/New_York); "
                "abbreviations do not know summer time"
            )


@dataclass(frozen=True, kw_only=True)
class Realtime:
    """Machines that always run, in the network without a way out; more of them as requests grow.

    ``invocations_per_instance`` is how many readings a minute one machine should get before another one is started.
    """

    instance: ServingInstance
    min_instances: int = 1
    max_instances: int = 5
    invocations_per_instance: int
    quiet_hours: QuietHours | None = None

    def __post_init__(self) -> None:
        require_serving_instance(self.instance)
        require_range(
            "min_instances", self.min_instances, 1, self.max_instances, advice="only asynchronous endpoints stop at none"
        )
        require_range("max_instances", self.max_instances, 1, 100, advice="a reading takes a second; think of a larger instance")
        require_range("invocations_per_instance", self.invocations_per_instance, 1, 10_000, advice="readings a minute")
        if self.quiet_hours:
            require_range(
                "quiet_hours min_instances",
                self.quiet_hours.min_instances,
                1,
                self.min_instances - 1,
                advice="quiet hours need fewer machines than min_instances, and at least one",
            )

    @property
    def fewest(self) -> int:
        """How many machines there may be at any time of the day."""
        return self.quiet_hours.min_instances if self.quiet_hours else self.min_instances


@dataclass(frozen=True, kw_only=True)
class Async:
    """Films by reference to S3, up to 1 GB; no machine runs while none waits, and the first one then waits for minutes."""

    instance: ServingInstance
    max_instances: int

    def __post_init__(self) -> None:
        require_serving_instance(self.instance)
        require_range("max_instances", self.max_instances, 1, 100, advice="films wait in a queue; more machines only shorten it")


@dataclass(frozen=True, kw_only=True)
class OnLambda:
    """The reader as a function in the network without a way out: nothing to pay while nobody asks, films up to 4.5 MB."""

    memory_mb: int
    concurrency: int

    def __post_init__(self) -> None:
        require_range("memory_mb", self.memory_mb, 128, 10_240, advice="Lambda's limits; a DenseNet-121 reads well with 3008")
        require_range("concurrency", self.concurrency, 1, 900, advice="the account keeps 100 of its 1000 for other functions")


EndpointSettings = Serverless | Realtime | Async | OnLambda
