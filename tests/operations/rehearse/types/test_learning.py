"""Endpoints scale by schedule and by load."""

from __future__ import annotations

from tests.operations.rehearse.types.asked import accepted

TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/e/variant/v",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def test_scheduled_actions_follow_their_target() -> None:
    action = {"ScheduledActionName": "night", "Schedule": "cron(0 20 * * ? *)", "ScalableTargetAction": {"MinCapacity": 0}}
    asked = accepted(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {**TARGET, "MinCapacity": 1, "MaxCapacity": 2, "ScheduledActions": [action]},
    )

    assert asked["PutScheduledAction"] == {**TARGET, **action}


def test_a_policy_finds_its_target_in_its_id() -> None:
    names = "|".join((TARGET["ResourceId"], TARGET["ScalableDimension"], TARGET["ServiceNamespace"]))

    asked = accepted("AWS::ApplicationAutoScaling::ScalingPolicy", {"PolicyName": "load", "ScalingTargetId": names})

    assert asked["PutScalingPolicy"] == {"PolicyName": "load", **TARGET}


def test_the_definition_of_a_pipeline_is_its_text() -> None:
    properties = {"PipelineName": "p", "RoleArn": "arn:aws:iam::1:role/r123456789", "PipelineDefinition": {}}
    properties["PipelineDefinition"] = {"PipelineDefinitionBody": '{"Steps": []}'}

    assert accepted("AWS::SageMaker::Pipeline", properties)["CreatePipeline"]["PipelineDefinition"] == '{"Steps": []}'
