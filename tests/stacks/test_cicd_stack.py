from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App

from constructs_lib.compliance.accepted import PACK
from constructs_lib.compliance.accepted_in_delivery import accepted_in_delivery
from constructs_lib.compliance.findings import examine
from constructs_lib.errors import ConfigurationError
from stacks.cicd_stack import NAME, CicdStack
from stacks.environments import DEV
from stacks.platform_stage import PlatformStage
from tests.delivery import DELIVERY, STAGES, deliver, delivered, small_stage
from tests.infra import of_type, text_of


def test_nothing_is_found_but_what_is_accepted_and_all_of_that() -> None:
    found = [finding for finding in examine(delivered().app).findings if finding.stack == NAME]

    assert [finding for finding in found if finding.accepted is None] == []
    assert {(finding.rule, finding.path) for finding in found} == {
        (f"{PACK}-{entry.rule}", f"{NAME}/{entry.construct}") for entry in accepted_in_delivery(STAGES)
    }


def test_an_environment_in_another_region_is_refused(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stages = [small_stage(app, "overread-dev"), small_stage(app, "overread-prod", "eu-west-1")]

    with pytest.raises(ConfigurationError, match=r"overread-prod is in region 'eu-west-1'; allowed: us-east-1.*deploy"):
        CicdStack(app, delivery=DELIVERY, stages=stages)


def test_an_environment_in_another_account_is_refused(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    elsewhere = PlatformStage(app, environment=replace(DEV, account="999988887777"))

    with pytest.raises(ConfigurationError, match=r"overread-dev is in account '999988887777'; allowed: 111122223333"):
        CicdStack(app, delivery=DELIVERY, stages=[elsewhere])


def test_an_environment_that_could_not_be_asked_for_a_reading_is_refused(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    private = PlatformStage(app, environment=replace(DEV, api=replace(DEV.api, private=True)))

    with pytest.raises(ConfigurationError, match=r"API of overread-dev is private; allowed in a delivery: private=False"):
        CicdStack(app, delivery=DELIVERY, stages=[private])


def test_environments_are_no_children_of_the_stack() -> None:
    """So that they have the same paths, and give the same templates, as when they are synthesized by themselves."""
    assert {stage.node.path for stage in delivered().app.node.children if stage.node.id in STAGES} == set(STAGES)


def test_one_key_that_rotates_encrypts_everything() -> None:
    template = delivered().template
    (key,) = of_type(template, "AWS::KMS::Key")
    (name,) = [name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::KMS::Key"]

    assert key["EnableKeyRotation"] is True
    assert all(name in json.dumps(project["EncryptionKey"]) for project in delivered().projects.values())
    assert all(name in json.dumps(group["KmsKeyId"]) for group in of_type(template, "AWS::Logs::LogGroup"))
    assert all(name in json.dumps(topic["KmsMasterKeyId"]) for topic in of_type(template, "AWS::SNS::Topic"))
    (pipeline,) = of_type(template, "AWS::CodePipeline::Pipeline")
    assert name in json.dumps(pipeline["ArtifactStore"]["EncryptionKey"])


def test_every_service_that_the_key_trusts_is_held_to_this_stack() -> None:
    (key,) = of_type(delivered().template, "AWS::KMS::Key")
    services = [statement for statement in key["KeyPolicy"]["Statement"] if "Service" in statement["Principal"]]

    assert services
    assert all(f":{NAME}-*" in json.dumps(statement["Condition"]) for statement in services)


def test_artifacts_are_in_a_bucket_of_the_stack_with_access_logs() -> None:
    (pipeline,) = of_type(delivered().template, "AWS::CodePipeline::Pipeline")
    buckets = of_type(delivered().template, "AWS::S3::Bucket")

    assert "Artifacts" in text_of(pipeline["ArtifactStore"]["Location"])
    assert len([bucket for bucket in buckets if "LoggingConfiguration" in bucket]) == 1
    assert all(all(bucket["PublicAccessBlockConfiguration"].values()) for bucket in buckets)


def test_every_build_runs_in_the_private_subnets_and_logs_to_the_group_of_builds() -> None:
    assert len(delivered().projects) == 4 + len(STAGES)
    for project in delivered().projects.values():
        assert "NetworkBuilds" in json.dumps(project["VpcConfig"]["SecurityGroupIds"])
        assert all("NetworkVpcbuilds" in text_of(subnet) for subnet in project["VpcConfig"]["Subnets"])
        assert "Builds" in json.dumps(project["LogsConfig"]["CloudWatchLogs"]["GroupName"])


def test_somebody_hears_of_a_failure_and_of_an_approval_that_waits() -> None:
    patterns = [rule["EventPattern"] for rule in of_type(delivered().template, "AWS::Events::Rule") if rule["Targets"]]

    assert [pattern["detail"] for pattern in patterns if "Pipeline Execution" in pattern["detail-type"][0]] == [
        {"state": ["FAILED"]}
    ]
    assert [pattern["detail"] for pattern in patterns if "Action Execution" in pattern["detail-type"][0]] == [
        {"type": {"category": ["Approval"]}, "state": ["STARTED"]}
    ]
    assert all("Pipeline" in text_of(pattern["resources"][0]) for pattern in patterns)


def test_messages_are_published_without_a_role_and_without_a_condition() -> None:
    """EventBridge names no source to a topic, so that a condition on it never holds; and it advises against roles here."""
    rules = of_type(delivered().template, "AWS::Events::Rule")
    (policy,) = of_type(delivered().template, "AWS::SNS::TopicPolicy")
    (allowed,) = (statement for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Allow")

    assert all("RoleArn" not in target and "DeadLetterConfig" in target for rule in rules for target in rule["Targets"])
    assert (allowed["Principal"], "Condition" in allowed) == ({"Service": "events.amazonaws.com"}, False)


def test_eventbridge_may_use_the_key_for_the_topic_and_the_queue_of_this_stack() -> None:
    (key,) = of_type(delivered().template, "AWS::KMS::Key")
    events = [s for s in key["KeyPolicy"]["Statement"] if s["Principal"] == {"Service": "events.amazonaws.com"}]

    assert {name for s in events for name in s["Condition"]["ArnLike"]} == {
        "kms:EncryptionContext:aws:sns:topicArn",
        "kms:EncryptionContext:aws:sqs:arn",
    }
    assert all(s["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"] for s in events)


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    """Else the pipeline would renew itself without end."""
    for name in ("first", "second"):
        deliver(tmp_path / name)
    first, second = (
        {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        for folder in (tmp_path / "first", tmp_path / "second")
    )

    assert first.keys() == second.keys()
    assert [name for name, content in first.items() if second[name] != content] == []


def test_what_a_delivery_leaves_outlives_the_stack() -> None:
    kept = ("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::Logs::LogGroup")
    resources = [r for r in delivered().template["Resources"].values() if r["Type"] in kept]

    assert {resource["DeletionPolicy"] for resource in resources} == {"Retain"}
    assert all(group["RetentionInDays"] == 2192 for group in of_type(delivered().template, "AWS::Logs::LogGroup"))
    assert delivered().stack.termination_protection is True
