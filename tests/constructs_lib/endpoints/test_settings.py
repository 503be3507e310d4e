"""Every value that AWS refuses is refused here, with what is allowed and why."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.endpoints.serving_instance import ServingInstance
from constructs_lib.endpoints.settings import Async, OnLambda, QuietHours, Realtime, Serverless
from constructs_lib.errors import ConfigurationError
from constructs_lib.training.job_instance import JobInstance

QUIET: dict[str, Any] = {"start": 20, "end": 6, "min_instances": 1, "time_zone": "America/New_York"}
REALTIME: dict[str, Any] = {"instance": ServingInstance.M5_LARGE, "invocations_per_instance": 60}


@pytest.mark.parametrize("memory_mb", [512, 3000, 8192])
def test_a_memory_size_that_serverless_does_not_have(memory_mb: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"memory_mb is {memory_mb}; allowed: 1024 to 6144 in steps of 1024"):
        Serverless(memory_mb=memory_mb, max_concurrency=1)


@pytest.mark.parametrize("max_concurrency", [0, 201])
def test_a_concurrency_beyond_the_limits(max_concurrency: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"max_concurrency is {max_concurrency}; allowed: 1 to 200"):
        Serverless(memory_mb=1024, max_concurrency=max_concurrency)


@pytest.mark.parametrize("provisioned", [-1, 6])
def test_more_kept_warm_than_there_may_be(provisioned: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"provisioned_concurrency is {provisioned}; allowed: 0 to 5; .*part of max"):
        Serverless(memory_mb=1024, max_concurrency=5, provisioned_concurrency=provisioned)


@pytest.mark.parametrize("extra", ["vpc", "network_isolation", "data_capture", "variants", "shadow", "instance"])
def test_what_serverless_cannot_have_is_not_among_its_settings(extra: str) -> None:
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{extra}'"):
        Serverless(**{"memory_mb": 1024, "max_concurrency": 1, extra: True})


@pytest.mark.parametrize(
    ("instance", "why"),
    [
        (JobInstance.G5_XLARGE, r"'ml.g5.xlarge': the serving image has no CUDA"),
        ("ml.p3.2xlarge", r"'ml.p3.2xlarge': the serving image has no CUDA"),
        (
            JobInstance.C5_4XLARGE,
            r"'ml.c5.4xlarge': it is not a machine that endpoints run on; allowed: M5_LARGE \(ml.m5.large\)",
        ),
        ("ml.c6id.large", r"'ml.c6id.large': it is not a machine"),
        (None, r"'None': it is not a machine"),
    ],
)
@pytest.mark.parametrize("kind", [Realtime, Async])
def test_a_machine_that_our_image_cannot_serve_on(kind: Any, instance: Any, why: str) -> None:
    rest = {"invocations_per_instance": 60} if kind is Realtime else {"max_instances": 2}
    with pytest.raises(ConfigurationError, match=why):
        kind(instance=instance, **rest)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"min_instances": 0}, r"min_instances is 0; allowed: 1 to 5; only asynchronous endpoints stop at none"),
        ({"min_instances": 6}, r"min_instances is 6; allowed: 1 to 5"),
        ({"max_instances": 101}, r"max_instances is 101; allowed: 1 to 100"),
        ({"invocations_per_instance": 0}, r"invocations_per_instance is 0; allowed: 1 to"),
        ({"quiet_hours": QuietHours(**QUIET)}, r"quiet_hours min_instances is 1; allowed: 1 to 0; quiet hours need fewer"),
    ],
)
def test_a_fleet_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Realtime(**REALTIME | changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"start": 24}, r"quiet_hours start is 24; allowed: 0 to 23"),
        ({"end": -1}, r"quiet_hours end is -1; allowed: 0 to 23"),
        ({"end": 20}, r"start and end are both 20; they must differ"),
        ({"time_zone": "EST"}, r"time_zone is 'EST'; allowed: UTC or Area/City"),
    ],
)
def test_hours_that_are_none(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        QuietHours(**QUIET | changed)


def test_a_queue_without_machines() -> None:
    with pytest.raises(ConfigurationError, match=r"max_instances is 0; allowed: 1 to 100"):
        Async(instance=ServingInstance.M5_LARGE, max_instances=0)


@pytest.mark.parametrize(
    ("memory_mb", "concurrency", "message"),
    [
        (127, 1, r"memory_mb is 127; allowed: 128 to 10240"),
        (10_241, 1, r"memory_mb is 10241; allowed: 128 to 10240"),
        (3008, 0, r"concurrency is 0; allowed: 1 to 900"),
        (3008, 901, r"concurrency is 901; allowed: 1 to 900; the account keeps 100"),
    ],
)
def test_a_function_beyond_lambdas_limits(memory_mb: int, concurrency: int, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        OnLambda(memory_mb=memory_mb, concurrency=concurrency)


def test_the_fewest_machines_are_those_of_the_quiet_hours() -> None:
    assert Realtime(**REALTIME).fewest == 1
    assert Realtime(**REALTIME, min_instances=3, quiet_hours=QuietHours(**QUIET)).fewest == 1
