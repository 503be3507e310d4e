"""SageMaker, and the scaling of its endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from operations.rehearse.request import Json, Request
from operations.rehearse.types.kind import Kind, picked, same, tags_of


def _pipeline(properties: Json) -> Json:
    return same("PipelineDefinition")(properties) | {
        "PipelineDefinition": properties["PipelineDefinition"]["PipelineDefinitionBody"],
        "ClientRequestToken": "0123456789abcdef0123456789abcdef",
    }


def _scalable(properties: Json) -> Json:
    return same("ScheduledActions")(properties) | {"Tags": tags_of(properties.get("Tags", []))}


def _schedules(properties: Json, made: Json) -> list[Request]:
    target = picked(made["request"], "ServiceNamespace", "ResourceId", "ScalableDimension")
    return [
        Request("application-autoscaling", "PutScheduledAction", {**target, **action})
        for action in properties.get("ScheduledActions", ())
    ]


def _scaling(properties: Json) -> Json:
    """A policy names its target by the three parts of its name."""
    if "ScalingTargetId" not in properties:
        return same()(properties)
    resource, dimension, service = properties["ScalingTargetId"].split("|")
    target = {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": service}
    return {**same("ScalingTargetId")(properties), **target}


def _endpoint_config(properties: Json) -> Json:
    """CloudFormation hands the variants' weights and counts on as they are."""
    return same("ProductionVariants")(properties) | {
        "ProductionVariants": [same()(variant) for variant in properties["ProductionVariants"]]
    }


TYPES: Final[Mapping[str, Kind]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": Kind(
        "application-autoscaling",
        "RegisterScalableTarget",
        _scalable,
        "{request.ResourceId}|{request.ScalableDimension}|{request.ServiceNamespace}",
        follow=_schedules,
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Kind(
        "application-autoscaling",
        "PutScalingPolicy",
        _scaling,
        "answer.PolicyARN",
        {"Arn": "answer.PolicyARN"},
        name="PolicyName",
    ),
    "AWS::SageMaker::Endpoint": Kind(
        "sagemaker",
        "CreateEndpoint",
        same("ExcludeRetainedVariantProperties", "RetainAllVariantProperties", "RetainDeploymentConfig"),
        "answer.EndpointArn",
        {"EndpointName": "request.EndpointName", "EndpointArn": "answer.EndpointArn"},
        name="EndpointName",
    ),
    "AWS::SageMaker::EndpointConfig": Kind(
        "sagemaker",
        "CreateEndpointConfig",
        _endpoint_config,
        "answer.EndpointConfigArn",
        {"EndpointConfigName": "request.EndpointConfigName"},
        name="EndpointConfigName",
    ),
    "AWS::SageMaker::Model": Kind(
        "sagemaker", "CreateModel", same(), "answer.ModelArn", {"ModelName": "request.ModelName"}, name="ModelName"
    ),
    "AWS::SageMaker::ModelPackageGroup": Kind(
        "sagemaker",
        "CreateModelPackageGroup",
        same("ModelPackageGroupPolicy"),
        "answer.ModelPackageGroupArn",
        {"ModelPackageGroupArn": "answer.ModelPackageGroupArn"},
    ),
    "AWS::SageMaker::Pipeline": Kind(
        "sagemaker", "CreatePipeline", _pipeline, "request.PipelineName", {"PipelineArn": "answer.PipelineArn"}
    ),
}
