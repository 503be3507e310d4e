from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import aws_sagemaker as sagemaker

from constructs_lib.endpoints.serverless import ServerlessEndpoint
from constructs_lib.endpoints.settings import Serverless
from tests.constructs_lib.endpoints.conftest import SETTINGS, Built
from tests.infra import Scope

Config = sagemaker.CfnEndpointConfig


def test_it_serves_the_approved_package(serverless: Built) -> None:
    (container,) = serverless.the("AWS::SageMaker::Model")["Containers"]

    assert container == {"ModelPackageName": {"Ref": "ChampionModelPackage"}}


def test_it_asks_for_nothing_that_serverless_endpoints_refuse(serverless: Built) -> None:
    config = serverless.the("AWS::SageMaker::EndpointConfig")
    (variant,) = config["ProductionVariants"]

    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 5}
    assert "KmsKeyId" in config
    assert config.keys() <= {"KmsKeyId", "ProductionVariants", "Tags"}
    assert variant.keys() <= {"VariantName", "ModelName", "InitialVariantWeight", "ServerlessConfig"}
    assert not {"VpcConfig", "EnableNetworkIsolation"} & set(serverless.the("AWS::SageMaker::Model"))
    assert serverless.champions("AWS::ApplicationAutoScaling::ScalableTarget") == []


def test_some_of_it_may_be_kept_warm() -> None:
    warm = Built(Serverless(memory_mb=1024, max_concurrency=4, provisioned_concurrency=2))
    (variant,) = warm.the("AWS::SageMaker::EndpointConfig")["ProductionVariants"]

    assert variant["ServerlessConfig"]["ProvisionedConcurrency"] == 2


def vpc(endpoint: ServerlessEndpoint) -> None:
    endpoint.model.vpc_config = sagemaker.CfnModel.VpcConfigProperty(security_group_ids=["sg-1"], subnets=["subnet-1"])


def isolation(endpoint: ServerlessEndpoint) -> None:
    endpoint.model.enable_network_isolation = True


def capture(endpoint: ServerlessEndpoint) -> None:
    endpoint.config.data_capture_config = Config.DataCaptureConfigProperty(
        capture_options=[Config.CaptureOptionProperty(capture_mode="Input")],
        destination_s3_uri="s3://bucket",
        initial_sampling_percentage=100,
    )


def variant(**how: Any) -> Config.ProductionVariantProperty:
    return Config.ProductionVariantProperty(variant_name="other", model_name="model", **how)


def several(endpoint: ServerlessEndpoint) -> None:
    endpoint.config.production_variants = [variant(), variant()]


def shadow(endpoint: ServerlessEndpoint) -> None:
    endpoint.config.shadow_production_variants = [variant()]


def gpu(endpoint: ServerlessEndpoint) -> None:
    endpoint.config.production_variants = [variant(instance_type="ml.g5.xlarge")]


@pytest.mark.parametrize(
    ("alter", "what"),
    [
        (vpc, "a VPC"),
        (isolation, "network isolation"),
        (capture, "data capture"),
        (several, "more than one variant"),
        (shadow, "a shadow variant"),
        (gpu, "an instance, with or without GPU"),
    ],
)
def test_whoever_adds_what_sagemaker_refuses_is_told_why(alter: Callable[[ServerlessEndpoint], None], what: str) -> None:
    altered = Built(SETTINGS["serverless"], Scope())
    assert isinstance(altered.champion, ServerlessEndpoint)
    alter(altered.champion)

    with pytest.raises(RuntimeError, match=rf"'overread-test-chest14' asks for {what}; SageMaker refuses it .* choose Realtime"):
        _ = altered.template


def test_the_checks_find_an_endpoint_without_a_key() -> None:
    plain = Scope()
    sagemaker.CfnEndpointConfig(plain.stack, "Plain", production_variants=[])

    assert "HIPAA.Security-SageMakerEndpointConfigurationKMSKeyConfigured" in {rule for rule, _ in plain.findings()}
