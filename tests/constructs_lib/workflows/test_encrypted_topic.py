from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from constructs_lib.workflows.encrypted_topic import EncryptedTopic
from tests.infra import Json, Scope, many, of_type, statements


def built() -> tuple[Scope, Json]:
    scope = Scope()
    topic = EncryptedTopic(scope.stack, "Topic", key=scope.keys().messages, services=("cloudwatch", "events"))
    topic.grant_publish(iam.ManagedPolicy(scope.stack, "Publisher"))
    return scope, dict(scope.template().to_json())


def test_it_has_a_customer_key_and_nothing_is_found() -> None:
    scope, template = built()

    assert "KmsMasterKeyId" in of_type(template, "AWS::SNS::Topic")[0]
    assert not scope.findings()


def test_it_takes_messages_over_tls_alone_and_alarms_of_this_account() -> None:
    (policy,) = of_type(built()[1], "AWS::SNS::TopicPolicy")
    plain, alarms, _ = policy["PolicyDocument"]["Statement"]

    assert (plain["Effect"], plain["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (alarms["Effect"], alarms["Principal"]) == ("Allow", {"Service": "cloudwatch.amazonaws.com"})
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_rules_publish_without_a_condition_which_for_them_would_never_hold() -> None:
    (policy,) = of_type(built()[1], "AWS::SNS::TopicPolicy")
    (rules,) = (s for s in policy["PolicyDocument"]["Statement"] if s["Principal"] == {"Service": "events.amazonaws.com"})

    assert (rules["Effect"], rules["Action"], "Condition" in rules) == ("Allow", "sns:Publish", False)


def test_publishing_takes_the_key_too() -> None:
    actions = {action for statement in statements(built()[1]) for action in many(statement["Action"])}

    assert {"sns:Publish", "kms:Decrypt", "kms:GenerateDataKey*"} <= actions


def test_the_checks_find_a_topic_without_a_key() -> None:
    plain = Scope()
    sns.Topic(plain.stack, "Plain")

    assert "HIPAA.Security-SNSEncryptedKMS" in {rule for rule, _ in plain.findings()}
