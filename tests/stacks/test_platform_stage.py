"""How the stacks hang together, read from the templates of all three environments."""

from __future__ import annotations

import json

from stacks.environments import ENVIRONMENTS
from tests.infra import Platform, many, of_type, statements, text_of

KINDS = (
    "AWS::SageMaker::Pipeline",
    "AWS::SageMaker::ModelPackageGroup",
    "AWS::SageMaker::Endpoint",
    "AWS::CloudTrail::Trail",
)

STACKS = {"security", "data", "audit", "registry", "training", "endpoint"}


def test_the_stacks_are_those_of_the_map(platform: Platform) -> None:
    assert platform.templates.keys() == STACKS


def test_every_bucket_of_films_is_encrypted_with_a_key_of_the_security_stack(platform: Platform) -> None:
    for stack in ("data", "audit"):
        for bucket in of_type(platform.templates[stack], "AWS::S3::Bucket"):
            (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            key = text_of(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
            assert "security:ExportsOutputFnGetAttKeys" in key


def test_a_replica_has_another_key_than_its_bucket(platform: Platform) -> None:
    for stack in ("data", "audit"):
        buckets = of_type(platform.templates[stack], "AWS::S3::Bucket")
        keys = [json.dumps(bucket["BucketEncryption"]) for bucket in buckets]
        originals = [key for key in keys if "KeysReplicas" not in key]
        assert len(originals) * 2 == len(keys)


def test_every_key_rotates(platform: Platform) -> None:
    assert platform.every("AWS::KMS::Key")
    assert all(key["EnableKeyRotation"] is True for key in platform.every("AWS::KMS::Key"))


def test_no_subnet_leads_outside(platform: Platform) -> None:
    kinds = {resource["Type"] for template in platform.templates.values() for resource in template["Resources"].values()}

    assert not kinds & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"}


def test_there_are_as_many_zones_as_the_environment_says(platform: Platform) -> None:
    environment = ENVIRONMENTS[platform.stage.stage_name.removeprefix("overread-")]

    assert len(platform.every("AWS::EC2::Subnet")) == environment.zones


def test_the_trail_watches_every_bucket_of_films(platform: Platform) -> None:
    (trail,) = platform.every("AWS::CloudTrail::Trail")
    watched = json.dumps(trail["EventSelectors"])

    assert all(f"data:ExportsOutputFnGetAtt{name}Bucket" in watched for name in ("Intake", "Clean", "Artifacts"))
    assert trail["EnableLogFileValidation"] is True


def test_every_log_group_is_encrypted_and_ends(platform: Platform) -> None:
    groups = platform.every("AWS::Logs::LogGroup")

    assert len(groups) == 2
    assert all("KmsKeyId" in group and group["RetentionInDays"] == 2192 for group in groups)


def test_permissions_are_managed_policies(platform: Platform) -> None:
    assert platform.every("AWS::IAM::Policy") == []
    assert not [role for role in platform.every("AWS::IAM::Role") if "Policies" in role]


def test_no_statement_allows_every_action_of_a_service(platform: Platform) -> None:
    actions = {action for template in platform.templates.values() for s in statements(template) for action in many(s["Action"])}

    assert not [action for action in actions if action == "*" or action.endswith(":*")]


def test_the_endpoint_reads_the_parameter_that_the_registry_makes(platform: Platform) -> None:
    (made,) = platform.every("AWS::SSM::Parameter")
    parameters = platform.templates["endpoint"]["Parameters"]
    (read,) = (value["Default"] for name, value in parameters.items() if name != "BootstrapVersion")

    assert read == made["Name"]
    assert made["Value"] == "none"


def test_the_registry_is_deployed_before_the_endpoint(platform: Platform) -> None:
    stacks = {stack.node.id: stack for stack in platform.stage.node.children}
    before = [stack.node.id for stack in stacks["endpoint"].dependencies]  # type: ignore[attr-defined]

    assert "registry" in before


def test_the_first_deployment_needs_no_model(platform: Platform) -> None:
    resources = platform.templates["endpoint"]["Resources"].values()
    conditions = {r["Type"]: r.get("Condition") for r in resources if r["Type"].startswith("AWS::SageMaker::")}

    assert len(conditions) == 3
    assert len(set(conditions.values())) == 1
    assert None not in conditions.values()


def test_production_keeps_its_data_and_dev_does_not(dev: Platform, prod: Platform) -> None:
    def policies(platform: Platform) -> set[str]:
        held = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Logs::LogGroup")
        resources = [r for template in platform.templates.values() for r in template["Resources"].values() if r["Type"] in held]
        return {resource["DeletionPolicy"] for resource in resources}

    assert policies(prod) == {"Retain"}
    assert policies(dev) == {"Delete"}


def test_two_environments_share_no_name(dev: Platform, prod: Platform) -> None:
    def names(platform: Platform) -> set[str]:
        keys = ("PipelineName", "ModelPackageGroupName", "EndpointName", "TrailName")
        return {r[key] for kind in KINDS for r in platform.every(kind) for key in keys if isinstance(r.get(key), str)}

    assert len(names(dev)) == 3  # an endpoint is named as its group
    assert not names(dev) & names(prod)
