from __future__ import annotations

import json
from dataclasses import replace

import pytest
from aws_cdk import App, Stack, Stage
from aws_cdk import Environment as CdkEnvironment

from stacks.audit_stack import AuditStack
from stacks.data_stack import DataStack
from stacks.environments import DEV, Environment
from stacks.security_stack import SecurityStack
from tests.infra import Json, Platform, of_type, text_of


def buckets(platform: Platform) -> dict[str, Json]:
    """Buckets of the data stack by the name of their construct (``Intake``, ``IntakeReplica``)."""
    resources = platform.templates["data"]["Resources"]
    return {
        name.partition("Bucket")[0]: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::S3::Bucket"
    }


def test_films_of_the_api_are_gone_after_a_week_and_copies_with_them(platform: Platform) -> None:
    found = buckets(platform)
    for name in ("Studies", "StudiesReplica"):
        (rule,) = found[name]["LifecycleConfiguration"]["Rules"]
        assert (rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]["NoncurrentDays"]) == (7, 1)
    assert "ExpirationInDays" not in str(found["Intake"]["LifecycleConfiguration"])


def test_arrivals_in_two_buckets_are_told_and_elsewhere_nobody_hears(platform: Platform) -> None:
    told = [name for name, bucket in buckets(platform).items() if "NotificationConfiguration" in bucket]

    assert sorted(told) == ["Intake", "Studies"]


def test_every_bucket_is_watched_and_none_is_forgotten(platform: Platform) -> None:
    (trail,) = of_type(platform.templates["audit"], "AWS::CloudTrail::Trail")
    (selector,) = trail["EventSelectors"]
    watched = " ".join(text_of(arn) for arn in selector["DataResources"][0]["Values"])

    assert {name for name in buckets(platform) if f"{name}Bucket" not in watched} == set()


def test_the_library_adds_no_function_of_its_own(platform: Platform) -> None:
    """Those that empty buckets or switch notifications on may do so to any bucket."""
    handlers = [function.get("ImageConfig") for function in of_type(platform.templates["data"], "AWS::Lambda::Function")]

    assert handlers == [{"Command": ["model_code.lambdas.deidentify.handler"]}]
    assert not of_type(platform.templates["data"], "Custom::S3BucketNotifications")


def test_an_imaging_store_is_made_only_where_it_is_wanted(platform: Platform) -> None:
    assert of_type(platform.templates["data"], "AWS::HealthImaging::Datastore") == []


@pytest.fixture(scope="module")
def with_options() -> Platform:
    """Security, data and audit of an environment that wants all there is to choose."""
    return synthesized(replace(DEV, health_imaging=True, config_rules=True))


def synthesized(environment: Environment) -> Platform:
    stage = Stage(App(), "overread-dev", env=CdkEnvironment(region=environment.region))
    security = SecurityStack(stage, "security", environment=environment)
    data = DataStack(stage, "data", environment=environment, security=security)
    AuditStack(stage, "audit", environment=environment, security=security, data=data)
    assembly = stage.synth()
    stacks = [child for child in stage.node.children if isinstance(child, Stack)]
    return Platform(stage, {stack.node.id: assembly.get_stack_by_name(stack.stack_name).template for stack in stacks})


def test_the_imaging_store_has_the_key_of_images(with_options: Platform) -> None:
    (store,) = of_type(with_options.templates["data"], "AWS::HealthImaging::Datastore")

    assert "KeysImages" in json.dumps(store["KmsKeyArn"])


def test_the_configuration_is_recorded_where_it_is_wanted(with_options: Platform, platform: Platform) -> None:
    assert len(of_type(with_options.templates["security"], "AWS::Config::ConfigurationRecorder")) == 1
    assert of_type(platform.templates["security"], "AWS::Config::ConfigurationRecorder") == []
