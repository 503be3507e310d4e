"""How the stacks hang together, read from the templates of all three environments."""

from __future__ import annotations

import json

from aws_cdk import Stack

from stacks.environments import ENVIRONMENTS
from tests.infra import Platform, many, of_type, statements, text_of

STACKS = {
    *("security", "data", "audit", "registry", "training", "endpoint"),
    *("release", "retraining", "api", "monitoring"),
}
DEAD_LETTERS = "ApproximateNumberOfMessagesVisible"
NAMED = {
    # type: the property that names what others may mistake
    "AWS::SageMaker::Pipeline": "PipelineName",
    "AWS::SageMaker::ModelPackageGroup": "ModelPackageGroupName",
    "AWS::SageMaker::Endpoint": "EndpointName",
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::SSM::Parameter": "Name",
}


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


def test_every_key_that_encrypts_rotates(platform: Platform) -> None:
    """A key that makes names (HMAC) cannot, and must not: every patient would be somebody else."""
    keys = platform.every("AWS::KMS::Key")
    rotating = [key for key in keys if key.get("EnableKeyRotation") is True]

    assert len(rotating) >= 5
    assert [key["KeyUsage"] for key in keys if key not in rotating] == ["GENERATE_VERIFY_MAC"]


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

    assert groups
    assert all("KmsKeyId" in group and group["RetentionInDays"] == 2192 for group in groups)


def test_permissions_are_managed_policies(platform: Platform) -> None:
    assert platform.every("AWS::IAM::Policy") == []
    assert not [role for role in platform.every("AWS::IAM::Role") if "Policies" in role]


def test_no_statement_allows_every_action_of_a_service(platform: Platform) -> None:
    allowed = [s for t in platform.templates.values() for s in statements(t) if s["Effect"] == "Allow" and "Action" in s]
    actions = {action for statement in allowed for action in many(statement["Action"])}

    assert allowed
    assert not [action for action in actions if action == "*" or action.endswith(":*")]


def test_every_role_but_the_budgets_hand_and_the_accounts_own_is_within_the_boundary(platform: Platform) -> None:
    roles = {
        name: resource["Properties"]
        for template in platform.templates.values()
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    free = [name for name, properties in roles.items() if "PermissionsBoundary" not in properties]

    assert len(roles) > 10
    assert sorted(name[:-8] for name in free) == ["ApiCloudWatchRole", "SpendingHand"]


def test_every_queue_of_dead_letters_is_watched(platform: Platform) -> None:
    queues = platform.every("AWS::SQS::Queue")
    alarms = [alarm for alarm in platform.every("AWS::CloudWatch::Alarm") if alarm.get("MetricName") == DEAD_LETTERS]

    assert len(queues) > len(platform.every("AWS::Lambda::Function"))  # rules have some too
    assert len({str(alarm["Dimensions"]) for alarm in alarms}) == len(queues)


def test_the_endpoint_reads_parameters_that_the_registry_makes(platform: Platform) -> None:
    made = {p["Name"]: p["Value"] for p in of_type(platform.templates["registry"], "AWS::SSM::Parameter")}
    parameters = platform.templates["endpoint"]["Parameters"]
    read = {value["Default"] for name, value in parameters.items() if name != "BootstrapVersion"}

    assert len(read) == 2
    assert {made[name] for name in read} == {"none"}


def test_the_registry_is_deployed_before_the_endpoint(platform: Platform) -> None:
    stacks = {stack.node.id: stack for stack in platform.stage.node.children}
    before = [stack.node.id for stack in stacks["endpoint"].dependencies]  # type: ignore[attr-defined]

    assert "registry" in before


def test_the_first_deployment_needs_no_model(platform: Platform) -> None:
    resources = platform.templates["endpoint"]["Resources"].values()
    conditions = [r.get("Condition") for r in resources if r["Type"].startswith("AWS::SageMaker::")]

    assert len(conditions) == 6  # model, configuration and endpoint, of the champion and of the challenger
    assert len(set(conditions)) == 2
    assert None not in conditions


def test_production_keeps_its_data_and_dev_only_its_audit_trail(dev: Platform, prod: Platform) -> None:
    """Nobody can delete what is locked, or read it without its key."""

    def kept(platform: Platform) -> dict[str, str]:
        held = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool")
        return {
            f"{stack}/{name}": resource["DeletionPolicy"]
            for stack, template in platform.templates.items()
            for name, resource in template["Resources"].items()
            if resource["Type"] in held
        }

    assert set(kept(prod).values()) == {"Retain"}
    stay = {name for name, policy in kept(dev).items() if policy == "Retain"}
    assert len(stay) == 3
    assert all(name.startswith(("audit/Storage", "security/KeysAudit")) for name in stay)


def test_only_what_keeps_data_is_protected_from_being_deleted(dev: Platform, prod: Platform) -> None:
    def protected(platform: Platform) -> set[bool | None]:
        return {stack.termination_protection for stack in platform.stage.node.children if isinstance(stack, Stack)}

    assert protected(prod) == {True}
    assert protected(dev) == {False}


def test_two_environments_share_no_name(dev: Platform, prod: Platform) -> None:
    def names(platform: Platform) -> set[str]:
        return {str(r[key]) for kind, key in NAMED.items() for r in platform.every(kind) if isinstance(r.get(key), str)}

    assert len(names(dev)) > len(NAMED)
    assert not names(dev) & names(prod)
