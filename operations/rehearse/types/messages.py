"""Functions, workflows, events, schedules, queues and topics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from operations.rehearse.request import Json, Request
from operations.rehearse.types.kind import Build, Follow, Kind, as_text, deep_small, picked, same, small, tags_of


def _function(properties: Json) -> Json:
    return same("ReservedConcurrentExecutions", "RuntimeManagementConfig", "Tags", KmsKeyArn="KMSKeyArn")(properties) | {
        "Tags": tags_of(properties.get("Tags", []))
    }


def _concurrency(properties: Json, made: Json) -> list[Request]:
    if "ReservedConcurrentExecutions" not in properties:
        return []
    reserved = {
        "FunctionName": made["request"]["FunctionName"],
        "ReservedConcurrentExecutions": properties["ReservedConcurrentExecutions"],
    }
    return [Request("lambda", "PutFunctionConcurrency", reserved)]


def _permission(properties: Json) -> Json:
    return same()(properties)


def _workflow(properties: Json) -> Json:
    settings = picked(properties, "LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration")
    known = ("StateMachineName", "DefinitionString", "Definition", "RoleArn", "StateMachineType", "Tags", *settings)
    return {
        **same(*known)(properties),
        "name": properties["StateMachineName"],
        "definition": properties.get("DefinitionString") or as_text(properties["Definition"]),
        "roleArn": properties["RoleArn"],
        "type": properties.get("StateMachineType", "STANDARD"),
        "tags": deep_small(properties.get("Tags", [])),
        **{small(name): deep_small(value) for name, value in settings.items()},
    }


def _rule(properties: Json) -> Json:
    pattern = {"EventPattern": as_text(properties["EventPattern"])} if "EventPattern" in properties else {}
    return same("EventPattern", "Targets")(properties) | pattern


def _targets(properties: Json, made: Json) -> list[Request]:
    if not properties.get("Targets"):
        return []
    bus = picked(properties, "EventBusName")
    return [Request("events", "PutTargets", {"Rule": made["request"]["Name"], "Targets": properties["Targets"], **bus})]


def _queue(properties: Json) -> Json:
    attributes = {name: as_text(value) for name, value in properties.items() if name not in ("QueueName", "Tags")}
    return {"QueueName": properties["QueueName"], "Attributes": attributes, "tags": tags_of(properties.get("Tags", []))}


def _topic(properties: Json) -> Json:
    kept = ("TopicName", "Tags", "Subscription", "DataProtectionPolicy")
    attributes = {name: as_text(value) for name, value in properties.items() if name not in kept}
    return {"Name": properties["TopicName"], "Attributes": attributes, **picked(properties, "Tags")}


def _subscription(properties: Json) -> Json:
    names = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
    attributes = {name: as_text(value) for name, value in picked(properties, *names).items()}
    return same(*names, "Region")(properties) | {"Attributes": attributes, "ReturnSubscriptionArn": True}


def _policy_of(service: str, operation: str, key: str, names: str, wrap: Callable[[str], Json]) -> dict[str, Any]:
    """A policy that several queues or topics share: the first in one request, the others after it."""

    def one(properties: Json, target: str) -> Json:
        return {key: target, **wrap(as_text(properties["PolicyDocument"]))}

    def follow(properties: Json, _made: Json) -> list[Request]:
        return [Request(service, operation, one(properties, target)) for target in properties[names][1:]]

    build: Build = lambda properties: one(properties, properties[names][0])  # noqa: E731
    more: Follow = follow
    return {"service": service, "operation": operation, "build": build, "ref": f"{{request.{key}}}", "follow": more}


TYPES: Final[Mapping[str, Kind]] = {
    "AWS::Events::Rule": Kind("events", "PutRule", _rule, "request.Name", {"Arn": "answer.RuleArn"}, "Name", _targets),
    "AWS::Lambda::EventSourceMapping": Kind("lambda", "CreateEventSourceMapping", same(), "answer.UUID", {"Id": "answer.UUID"}),
    "AWS::Lambda::Function": Kind(
        "lambda", "CreateFunction", _function, "request.FunctionName", {"Arn": "answer.FunctionArn"}, "FunctionName", _concurrency
    ),
    "AWS::Lambda::Permission": Kind("lambda", "AddPermission", _permission, "request.StatementId", {}, "StatementId"),
    "AWS::SNS::Subscription": Kind("sns", "Subscribe", _subscription, "answer.SubscriptionArn"),
    "AWS::SNS::Topic": Kind(
        "sns", "CreateTopic", _topic, "answer.TopicArn", {"TopicArn": "answer.TopicArn", "TopicName": "request.Name"}, "TopicName"
    ),
    "AWS::SNS::TopicPolicy": Kind(
        **_policy_of(
            "sns", "SetTopicAttributes", "TopicArn", "Topics", lambda text: {"AttributeName": "Policy", "AttributeValue": text}
        )
    ),
    "AWS::SQS::Queue": Kind(
        "sqs",
        "CreateQueue",
        _queue,
        "answer.QueueUrl",
        {
            "Arn": "arn:aws:sqs:{place.region}:{place.account}:{request.QueueName}",
            "QueueName": "request.QueueName",
            "QueueUrl": "answer.QueueUrl",
        },
        "QueueName",
    ),
    "AWS::SQS::QueuePolicy": Kind(
        **_policy_of("sqs", "SetQueueAttributes", "QueueUrl", "Queues", lambda text: {"Attributes": {"Policy": text}})
    ),
    "AWS::Scheduler::Schedule": Kind(
        "scheduler", "CreateSchedule", same(), "request.Name", {"Arn": "answer.ScheduleArn"}, "Name"
    ),
    "AWS::StepFunctions::StateMachine": Kind(
        "stepfunctions",
        "CreateStateMachine",
        _workflow,
        "answer.stateMachineArn",
        {"Arn": "answer.stateMachineArn", "Name": "request.name"},
        "StateMachineName",
    ),
}
