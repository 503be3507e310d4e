from __future__ import annotations

import json
from typing import Any

import pytest

from tests.constructs_lib.compliance.checks.cases import Resources, complies, said, without

MODEL, CONFIG, MACHINE = "AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig", "AWS::StepFunctions::StateMachine"
VPC = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
ISOLATED: dict[str, Any] = {"VpcConfig": VPC, "EnableNetworkIsolation": True}
REFERENCE = {"Fn::GetAtt": ["It", "ModelName"]}


def serverless(model: Any = "model", **size: int) -> dict[str, Any]:
    return {"ModelName": model, "ServerlessConfig": {"MemorySizeInMB": 3072, "MaxConcurrency": 5, **size}}


def realtime(model: Any = "model", instance: str = "ml.m5.large") -> dict[str, Any]:
    return {"ModelName": model, "InstanceType": instance}


def config(*variants: Any, **more: Any) -> dict[str, Any]:
    return {"ProductionVariants": list(variants), "KmsKeyId": "key", **more}


def used_by(variant: Any) -> Resources:
    return {"Config": (CONFIG, config(variant))}


def test_a_model_on_a_machine_of_its_own_is_isolated() -> None:
    assert complies("SageMakerModelIsolated", MODEL, ISOLATED, used_by(realtime(REFERENCE)))
    assert complies("SageMakerModelIsolated", MODEL, ISOLATED)


@pytest.mark.parametrize("properties", [without(ISOLATED, "VpcConfig"), without(ISOLATED, "EnableNetworkIsolation")])
def test_an_open_one_is_not(properties: Any) -> None:
    assert said("SageMakerModelIsolated", MODEL, properties, used_by(realtime(REFERENCE)))
    assert said("SageMakerModelIsolated", MODEL, properties), "who uses it is not known: it has to be"


def test_a_serverless_model_can_be_neither_and_is_not_asked() -> None:
    assert said("SageMakerModelIsolated", MODEL, {}, used_by(serverless(REFERENCE))) is None


def test_serverless_as_sagemaker_offers_it_complies() -> None:
    assert complies("SageMakerServerlessPossible", CONFIG, config(serverless(ProvisionedConcurrency=5)))
    assert said("SageMakerServerlessPossible", CONFIG, config(realtime())) is None


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        (config(serverless(MemorySizeInMB=3000)), "3000 MB; allowed: 1024 to 6144 in steps of 1024"),
        (config(serverless(MemorySizeInMB=7168)), "7168 MB"),
        (config(serverless(MaxConcurrency=201)), "MaxConcurrency 201; allowed: 1 to 200"),
        (config(serverless(ProvisionedConcurrency=6)), "provisions 6 of at most 5"),
        (config(serverless(), serverless()), "several variants"),
        (config(serverless(), ShadowProductionVariants=[realtime()]), "several variants"),
        (config(serverless() | {"InstanceType": "ml.m5.large"}), "InstanceType"),
        (config(serverless(), DataCaptureConfig={"EnableCapture": True}), "DataCaptureConfig"),
        (config(serverless(), AsyncInferenceConfig={"OutputConfig": {}}), "AsyncInferenceConfig"),
        (config(serverless(), VpcConfig=VPC), "VpcConfig"),
        (config(serverless(), EnableNetworkIsolation=True), "EnableNetworkIsolation"),
    ],
)
def test_what_sagemaker_would_refuse_does_not(properties: Any, problem: str) -> None:
    assert problem in str(said("SageMakerServerlessPossible", CONFIG, properties))


def test_the_model_of_a_serverless_endpoint_must_not_be_isolated() -> None:
    model: Resources = {"Model": (MODEL, ISOLATED)}
    wrong = said("SageMakerServerlessPossible", CONFIG, config(serverless({"Ref": "Model"})), model)

    assert [line.split()[3] for line in wrong or []] == ["VpcConfig,", "EnableNetworkIsolation,"]


@pytest.mark.parametrize("capture", [None, {"EnableCapture": False}, {"CaptureOptions": [{"CaptureMode": "Output"}]}])
def test_capture_of_answers_or_of_nothing_complies(capture: Any) -> None:
    assert complies("SageMakerNoInputCapture", CONFIG, config(realtime(), DataCaptureConfig=capture))


@pytest.mark.parametrize("mode", ["Input", "InputAndOutput"])
def test_capture_of_films_does_not(mode: str) -> None:
    capture = {"EnableCapture": True, "CaptureOptions": [{"CaptureMode": mode}]}
    assert said("SageMakerNoInputCapture", CONFIG, config(realtime(), DataCaptureConfig=capture))


def test_requests_of_a_state_machine_are_read_too() -> None:
    request = config(serverless(MemorySizeInMB=3000), DataCaptureConfig={"CaptureOptions": [{"CaptureMode": "Input"}]})
    state = {"Resource": "arn:aws:states:::aws-sdk:sagemaker:createEndpointConfig", "Parameters": request}
    machine = {"DefinitionString": json.dumps({"States": {"Configure": state}})}

    assert "state Configure asks for 3000 MB" in str(said("SageMakerServerlessPossible", MACHINE, machine))
    assert said("SageMakerNoInputCapture", MACHINE, machine)


@pytest.mark.parametrize(
    "properties",
    [
        config(realtime()),
        without(config(realtime(instance="ml.g5.xlarge")), "KmsKeyId"),
        config(realtime(), AsyncInferenceConfig={"OutputConfig": {"KmsKeyId": "key"}}),
    ],
)
def test_endpoints_with_keys_comply(properties: Any) -> None:
    assert complies("SageMakerEndpointEncrypted", CONFIG, properties)


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        (without(config(realtime()), "KmsKeyId"), "no KmsKeyId"),
        (config(realtime(instance="ml.g5.xlarge")), "refuses for its local disk"),
        (config(realtime(), AsyncInferenceConfig={"OutputConfig": {}}), "asynchronous answers without"),
    ],
)
def test_endpoints_without_keys_do_not(properties: Any, problem: str) -> None:
    assert problem in str(said("SageMakerEndpointEncrypted", CONFIG, properties))
