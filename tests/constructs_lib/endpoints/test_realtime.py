from __future__ import annotations

from constructs_lib.endpoints.realtime import schedule_of
from constructs_lib.endpoints.serving_instance import ServingInstance
from constructs_lib.endpoints.settings import Realtime
from tests.constructs_lib.endpoints.conftest import Built

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def test_it_starts_with_the_least_and_grows_with_requests(realtime: Built) -> None:
    (variant,) = realtime.the("AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    target = realtime.the(TARGET)
    tracking = realtime.the("AWS::ApplicationAutoScaling::ScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]

    assert variant["InitialInstanceCount"] == target["MinCapacity"] == 3
    assert target["MaxCapacity"] == 5
    assert tracking["TargetValue"] == 60
    metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"


def test_fewer_are_enough_by_night_in_the_hospitals_own_time(realtime: Built) -> None:
    quiet, busy = realtime.the(TARGET)["ScheduledActions"]

    assert (quiet["Schedule"], busy["Schedule"]) == ("cron(0 20 * * ? *)", "cron(0 6 * * ? *)")
    assert quiet["Timezone"] == busy["Timezone"] == "America/New_York"
    assert quiet["ScalableTargetAction"] == {"MinCapacity": 2, "MaxCapacity": 5}
    assert busy["ScalableTargetAction"] == {"MinCapacity": 3, "MaxCapacity": 5}


def test_without_quiet_hours_there_is_no_schedule() -> None:
    assert schedule_of(Realtime(instance=ServingInstance.M5_LARGE, invocations_per_instance=60)) is None


def test_a_new_model_gets_as_many_machines_as_the_old_one_has(realtime: Built) -> None:
    assert realtime.the("AWS::SageMaker::Endpoint")["RetainAllVariantProperties"] is True
