"""Functions, workflows, rules, queues and topics: attributes are text, and what a template shares is said to each."""

from __future__ import annotations

from tests.operations.rehearse.types.asked import accepted, requests

POLICY = {"Version": "2012-10-17", "Statement": []}


def test_attributes_of_queues_are_text() -> None:
    asked = accepted(
        "AWS::SQS::Queue",
        {"VisibilityTimeout": 60, "SqsManagedSseEnabled": False, "RedrivePolicy": {"maxReceiveCount": 3}, "Tags": []},
    )["CreateQueue"]

    assert asked == {
        "QueueName": "generated",
        "Attributes": {"VisibilityTimeout": "60", "SqsManagedSseEnabled": "false", "RedrivePolicy": '{"maxReceiveCount": 3}'},
        "tags": {},
    }


def test_attributes_of_topics_are_text() -> None:
    asked = accepted("AWS::SNS::Topic", {"TopicName": "t", "KmsMasterKeyId": "k", "Tags": [{"Key": "k", "Value": "v"}]})

    assert asked["CreateTopic"] == {"Name": "t", "Attributes": {"KmsMasterKeyId": "k"}, "Tags": [{"Key": "k", "Value": "v"}]}


def test_a_policy_of_two_queues_is_said_to_both() -> None:
    asked = requests("AWS::SQS::QueuePolicy", {"Queues": ["one", "two"], "PolicyDocument": POLICY})

    assert [request.parameters["QueueUrl"] for request in asked] == ["one", "two"]
    assert len({request.parameters["Attributes"]["Policy"] for request in asked}) == 1


def test_a_function_keeps_its_share_of_the_account() -> None:
    properties = {
        "FunctionName": "f",
        "Role": "r",
        "Code": {},
        "KmsKeyArn": "k",
        "Tags": [{"Key": "k", "Value": "v"}],
        "ReservedConcurrentExecutions": 5,
    }

    asked = accepted("AWS::Lambda::Function", properties)

    assert asked["CreateFunction"]["KMSKeyArn"] == "k"
    assert asked["CreateFunction"]["Tags"] == {"k": "v"}
    assert asked["PutFunctionConcurrency"] == {"FunctionName": "f", "ReservedConcurrentExecutions": 5}


def test_a_rule_has_its_pattern_as_text_and_its_targets_after_it() -> None:
    targets = [{"Id": "T", "Arn": "arn:aws:lambda:us-east-1:1:function:f"}]
    asked = accepted("AWS::Events::Rule", {"Name": "r", "EventPattern": {"source": ["aws.s3"]}, "Targets": targets})

    assert asked["PutRule"] == {"Name": "r", "EventPattern": '{"source": ["aws.s3"]}'}
    assert asked["PutTargets"] == {"Rule": "r", "Targets": targets}


def test_a_workflow_logs_and_is_traced_and_encrypted() -> None:
    asked = accepted(
        "AWS::StepFunctions::StateMachine",
        {
            "StateMachineName": "w",
            "DefinitionString": "{}",
            "RoleArn": "r",
            "LoggingConfiguration": {"Level": "ALL", "IncludeExecutionData": False},
            "TracingConfiguration": {"Enabled": True},
            "EncryptionConfiguration": {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": "k"},
        },
    )["CreateStateMachine"]

    assert asked["loggingConfiguration"] == {"level": "ALL", "includeExecutionData": False}
    assert asked["tracingConfiguration"] == {"enabled": True}
    assert asked["encryptionConfiguration"]["kmsKeyId"] == "k"


def test_a_schedule_is_taken_as_it_is() -> None:
    properties = {
        "Name": "monthly",
        "ScheduleExpression": "cron(0 3 1 * ? *)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:states:us-east-1:1:stateMachine:w", "RoleArn": "arn:aws:iam::1:role/r", "Input": "{}"},
    }

    assert accepted("AWS::Scheduler::Schedule", properties)["CreateSchedule"] == properties
