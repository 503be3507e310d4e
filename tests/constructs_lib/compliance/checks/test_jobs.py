from __future__ import annotations

import json
from typing import Any

import pytest

from constructs_lib.compliance.checks.jobs import has_local_disk
from constructs_lib.training.job_instance import JobInstance
from tests.constructs_lib.compliance.checks.cases import complies, said, without

PIPELINE, MACHINE = "AWS::SageMaker::Pipeline", "AWS::StepFunctions::StateMachine"
VPC = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
TRAINING: dict[str, Any] = {
    "EnableNetworkIsolation": True,
    "EnableInterContainerTrafficEncryption": True,
    "VpcConfig": VPC,
    "OutputDataConfig": {"S3OutputPath": "s3://models", "KmsKeyId": "key"},
    "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeKmsKeyId": "key"},
}
PROCESSING: dict[str, Any] = {
    "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True, "VpcConfig": VPC},
    "ProcessingOutputConfig": {"KmsKeyId": "key"},
    "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge", "VolumeKmsKeyId": "key"}},
}
TRANSFORM: dict[str, Any] = {
    "TransformOutput": {"KmsKeyId": "key"},
    "TransformResources": {"InstanceType": "ml.m5.xlarge", "VolumeKmsKeyId": "key"},
}


def pipeline(kind: str, arguments: Any, parameters: Any = ()) -> dict[str, Any]:
    """A pipeline of one step, its definition put together around a reference as the CDK does."""
    step = {"Name": "one", "Type": kind, "Arguments": {**arguments, "RoleArn": "@"}}
    before, after = json.dumps({"Parameters": list(parameters), "Steps": [step]}).split("@")
    return {"PipelineDefinition": {"PipelineDefinitionBody": {"Fn::Join": ["", [before, {"Ref": "Role"}, after]]}}}


def machine(action: str, arguments: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{action}", "Parameters": arguments}
    nested = {"Type": "Map", "ItemProcessor": {"States": {"Run": state}}}
    return {"DefinitionString": json.dumps({"States": {"Each": nested}})}


HOLES = [
    ("Training", without(TRAINING, "VpcConfig"), "VpcConfig"),
    ("Training", {**TRAINING, "VpcConfig": {"Subnets": [], "SecurityGroupIds": ["sg-1"]}}, "VpcConfig"),
    ("Training", without(TRAINING, "EnableNetworkIsolation"), "EnableNetworkIsolation"),
    ("Training", {**TRAINING, "EnableInterContainerTrafficEncryption": False}, "EnableInterContainerTrafficEncryption"),
    ("Processing", without(PROCESSING, "NetworkConfig"), "VpcConfig"),
    ("Processing", without(PROCESSING, "NetworkConfig", "EnableNetworkIsolation"), "EnableNetworkIsolation"),
]
OPEN_DISKS = [
    ("Training", without(TRAINING, "OutputDataConfig", "KmsKeyId"), "output without KmsKeyId"),
    ("Training", without(TRAINING, "ResourceConfig", "VolumeKmsKeyId"), "disk without VolumeKmsKeyId"),
    ("Processing", without(PROCESSING, "ProcessingOutputConfig"), "output without KmsKeyId"),
    ("Processing", without(PROCESSING, "ProcessingResources", "ClusterConfig", "VolumeKmsKeyId"), "disk without VolumeKmsKeyId"),
    ("Transform", without(TRANSFORM, "TransformOutput", "KmsKeyId"), "output without KmsKeyId"),
    ("Transform", without(TRANSFORM, "TransformResources", "VolumeKmsKeyId"), "disk without VolumeKmsKeyId"),
]


@pytest.mark.parametrize(("kind", "arguments"), [("Training", TRAINING), ("Processing", PROCESSING)])
def test_jobs_in_the_network_and_isolated_comply(kind: str, arguments: Any) -> None:
    assert complies("SageMakerJobIsolated", PIPELINE, pipeline(kind, arguments))
    assert complies("SageMakerJobIsolated", MACHINE, machine(f"sagemaker:create{kind}Job.sync", arguments))
    assert complies("SageMakerJobIsolated", MACHINE, machine(f"aws-sdk:sagemaker:create{kind}Job", arguments))


@pytest.mark.parametrize(("kind", "arguments", "problem"), HOLES)
def test_jobs_outside_or_open_do_not(kind: str, arguments: Any, problem: str) -> None:
    assert problem in str(said("SageMakerJobIsolated", PIPELINE, pipeline(kind, arguments)))
    assert problem in str(said("SageMakerJobIsolated", MACHINE, machine(f"sagemaker:create{kind}Job.sync", arguments)))


@pytest.mark.parametrize(("kind", "arguments"), [("Training", TRAINING), ("Processing", PROCESSING), ("Transform", TRANSFORM)])
def test_jobs_with_keys_comply(kind: str, arguments: Any) -> None:
    assert complies("SageMakerJobEncrypted", PIPELINE, pipeline(kind, arguments))


@pytest.mark.parametrize(("kind", "arguments", "problem"), OPEN_DISKS)
def test_jobs_without_keys_do_not(kind: str, arguments: Any, problem: str) -> None:
    assert problem in str(said("SageMakerJobEncrypted", PIPELINE, pipeline(kind, arguments)))


def with_machine(**machine: object) -> dict[str, Any]:
    return {**TRAINING, "ResourceConfig": machine}


def test_a_local_disk_is_encrypted_by_its_hardware_and_refuses_a_key() -> None:
    without_key, with_key = (
        with_machine(InstanceType="ml.g5.xlarge"),
        with_machine(InstanceType="ml.g5.xlarge", VolumeKmsKeyId="key"),
    )

    assert complies("SageMakerJobEncrypted", PIPELINE, pipeline("Training", without_key))
    assert "refuses for its local disk" in str(said("SageMakerJobEncrypted", PIPELINE, pipeline("Training", with_key)))


def test_an_instance_given_as_a_parameter_counts_as_its_default() -> None:
    arguments = with_machine(InstanceType={"Get": "Parameters.Instance"})

    def instance(name: str) -> dict[str, Any]:
        return pipeline("Training", arguments, [{"Name": "Instance", "DefaultValue": name}])

    assert complies("SageMakerJobEncrypted", PIPELINE, instance("ml.g5.xlarge"))
    assert not complies("SageMakerJobEncrypted", PIPELINE, instance("ml.m5.xlarge"))


def test_tuning_is_judged_by_the_jobs_that_it_starts() -> None:
    tuning = {"TrainingJobDefinition": without(TRAINING, "VpcConfig")}

    assert said("SageMakerJobIsolated", MACHINE, machine("sagemaker:createHyperParameterTuningJob.sync", tuning))


def test_what_starts_no_job_is_not_concerned() -> None:
    assert said("SageMakerJobIsolated", MACHINE, machine("lambda:invoke", {})) is None


@pytest.mark.parametrize("instance", JobInstance)
def test_both_lists_of_machines_agree(instance: JobInstance) -> None:
    assert has_local_disk(instance.type_name) == bool(instance.local_disk_gb)
