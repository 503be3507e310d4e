from __future__ import annotations

import pytest
from aws_cdk import aws_sagemaker as sagemaker

from constructs_lib.container_images import ServingImage
from constructs_lib.errors import ConfigurationError
from constructs_lib.model_registry import NO_MODEL, ModelRegistry
from constructs_lib.serverless_endpoint import ServerlessCapacity, ServerlessEndpoint
from model_code.contract import Task
from tests.infra import Json, Scope, many, statements, text_of


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    models = built.bucket("Models", built.keys(), built.access_logs())
    registry = ModelRegistry(built.stack, "Registry", task=Task.CHEST14, image=ServingImage(built.stack, "Serving"))
    capacity = ServerlessCapacity(memory_mb=3072, max_concurrency=5)
    ServerlessEndpoint(built.stack, "Endpoint", registry=registry, models=models, capacity=capacity)
    return built


@pytest.fixture(scope="module")
def template(scope: Scope) -> Json:
    return dict(scope.template().to_json())


def only(template: Json, kind: str) -> Json:
    (resource,) = (resource for resource in template["Resources"].values() if resource["Type"] == kind)
    return dict(resource)


def test_there_is_nothing_to_pay_for_until_a_model_is_approved(template: Json) -> None:
    ((name, condition),) = template["Conditions"].items()
    (parameter,) = template["Parameters"].keys() - {"BootstrapVersion"}

    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, NO_MODEL]}]}
    assert template["Parameters"][parameter]["Type"] == "AWS::SSM::Parameter::Value<String>"
    assert template["Parameters"][parameter]["Default"] == "/overread-test-chest14/approved-model-package"
    for kind in ("Model", "EndpointConfig", "Endpoint"):
        assert only(template, f"AWS::SageMaker::{kind}")["Condition"] == name


def test_it_serves_the_approved_package(template: Json) -> None:
    (container,) = only(template, "AWS::SageMaker::Model")["Properties"]["Containers"]

    assert set(template["Parameters"]) >= {container["ModelPackageName"]["Ref"]}


def test_it_asks_for_nothing_that_serverless_endpoints_refuse(template: Json) -> None:
    config = only(template, "AWS::SageMaker::EndpointConfig")["Properties"]
    (variant,) = config["ProductionVariants"]

    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 5}
    assert "KmsKeyId" in config
    assert config.keys() <= {"KmsKeyId", "ProductionVariants", "Tags"}
    assert variant.keys() <= {"VariantName", "ModelName", "InitialVariantWeight", "ServerlessConfig"}
    assert not {"VpcConfig", "EnableNetworkIsolation"} & set(only(template, "AWS::SageMaker::Model")["Properties"])


def test_its_role_reads_models_of_its_task_and_writes_nothing(template: Json) -> None:
    actions = [action for statement in statements(template) for action in many(statement["Action"])]
    mine = [s for s in statements(template) if "s3:GetObject*" in s["Action"]]

    assert any(text_of(resource).endswith("/chest14/*") for s in mine for resource in s["Resource"])
    assert not [action for action in actions if action.startswith(("s3:Put", "s3:Delete"))]


def test_nothing_is_found(scope: Scope) -> None:
    assert not [finding for finding in scope.findings() if "/Endpoint/" in finding[1]]


@pytest.mark.parametrize("memory_mb", [512, 3000, 8192])
def test_a_memory_size_that_sagemaker_does_not_have_is_refused(memory_mb: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"memory_mb is {memory_mb}; allowed: 1024 to 6144 in steps of 1024"):
        ServerlessCapacity(memory_mb=memory_mb, max_concurrency=1)


@pytest.mark.parametrize("max_concurrency", [0, 201])
def test_a_concurrency_beyond_the_limits_is_refused(max_concurrency: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"max_concurrency is {max_concurrency}; allowed: 1 to 200"):
        ServerlessCapacity(memory_mb=1024, max_concurrency=max_concurrency)


def test_the_checks_find_an_endpoint_without_a_key() -> None:
    plain = Scope()
    sagemaker.CfnEndpointConfig(plain.stack, "Plain", production_variants=[])

    assert "HIPAA.Security-SageMakerEndpointConfigurationKMSKeyConfigured" in {rule for rule, _ in plain.findings()}
