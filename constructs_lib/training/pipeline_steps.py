"""SageMaker pipeline steps as data (definition version 2020-12-01), rendered by small typed builders.

The shapes are those of CreateProcessingJob, CreateTrainingJob and CreateModelPackage; a test checks them against botocore's
service model. Every job runs in the isolated subnets, without a network of its own, under customer keys, and runs one verb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from constructs_lib.endpoints.serving_instance import ServingInstance
from constructs_lib.errors import ConfigurationError
from constructs_lib.security.isolated_network import IsolatedNetwork
from constructs_lib.training.job_instance import JobInstance
from constructs_lib.training.job_role import JobRole
from model_code.contract import IMAGE_CONTENT_TYPES, PACKAGE, PASSED, READING_CONTENT_TYPE, SageMakerPaths, Verb

Value = str | Mapping[str, Any]
"""Text, or a pipeline expression such as ``{"Get": "Parameters.Task"}``."""

VERSION: Final = "2020-12-01"
"""Of the definitions' schema."""

SERVING_INSTANCES: Final = tuple(instance.type_name for instance in ServingInstance)
"""What a package may be served on where it is not serverless; registration asks for a list."""

CODE: Final = "code"
"""Channel and input folder that the code's zip is mounted in."""

RETRIES: Final = (
    {
        "ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"],
        "IntervalSeconds": 30,
        "BackoffRate": 2.0,
        "MaxAttempts": 3,
    },
    # spot and GPU machines are not always there; four hours of asking is cheaper than a lost night
    {"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "IntervalSeconds": 900, "BackoffRate": 1.0, "ExpireAfterMin": 240},
)
"""Faults that are AWS's own. A job that failed by itself is not run again: it would fail again."""


def parameter(name: str) -> Value:
    """The value of a pipeline parameter at run time."""
    return {"Get": f"Parameters.{name}"}


def value_in(step: str, file: str, path: str) -> Mapping[str, Any]:
    """One value out of a JSON file that a step left as property file."""
    return {"Std:JsonGet": {"PropertyFile": {"Get": f"Steps.{step}.PropertyFiles.{file}"}, "Path": path}}


def join(on: str, *values: Value) -> Value:
    """Values put together at run time."""
    return {"Std:Join": {"On": on, "Values": list(values)}}


@dataclass(frozen=True)
class ProcessingStep:
    """One verb as a processing job. Inputs and outputs are S3 addresses by the name of the folder that they are mounted in.

    Of the inputs named in ``sharded`` each of the ``machines`` gets its share; the others every machine has whole. A file
    named in ``properties`` (output, file name) can be looked into by later steps.
    """

    verb: Verb
    arguments: Sequence[Value]
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    instance: JobInstance
    machines: Value | int = 1
    sharded: Sequence[str] = ()
    properties: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    disk_gb: int = 100
    max_hours: int = 12

    def render(self, role: JobRole) -> dict[str, Any]:
        """The step as it stands in the definition."""
        inputs = {CODE: role.workplace.code.uri, **self.inputs}
        return {
            "Name": self.verb.value,
            "Type": "Processing",
            "RetryPolicies": [*RETRIES],
            "PropertyFiles": [
                {"PropertyFileName": name, "OutputName": output, "FilePath": file}
                for name, (output, file) in self.properties.items()
            ],
            "Arguments": {
                "RoleArn": role.role.role_arn,
                "AppSpecification": {
                    "ImageUri": role.workplace.image.uri,
                    "ContainerEntrypoint": ["python", "-m", PACKAGE],
                    "ContainerArguments": [self.verb.value, *self.arguments],
                },
                "Environment": _environment(role, SageMakerPaths.PROCESSING_INPUT),
                "ProcessingInputs": [_input(name, uri, sharded=name in self.sharded) for name, uri in inputs.items()],
                "ProcessingOutputConfig": {
                    "KmsKeyId": role.key.key_arn,
                    "Outputs": [_output(name, uri) for name, uri in self.outputs.items()],
                },
                "ProcessingResources": {
                    "ClusterConfig": self.instance.cluster(self.disk_gb, role.key.key_arn, machines=self.machines)
                },
                "NetworkConfig": {
                    "EnableInterContainerTrafficEncryption": True,
                    "EnableNetworkIsolation": True,
                    "VpcConfig": vpc_of(role.workplace.network),
                },
                "StoppingCondition": {"MaxRuntimeInSeconds": self.max_hours * 3600},
            },
        }


@dataclass(frozen=True)
class TrainingStep:
    """``train`` as a managed spot job with checkpoints on S3. Our command is process 1, so that it receives SIGTERM."""

    arguments: Sequence[Value]
    data: Value
    output: Value
    checkpoints: Value
    instance: JobInstance
    type_name: Value | None = None
    """Another machine at run time, of those that ``instance`` may be exchanged for."""
    disk_gb: int = 100
    max_hours: int = 24
    max_wait_hours: int = 48

    def __post_init__(self) -> None:
        if self.max_wait_hours < self.max_hours:
            raise ConfigurationError(
                f"max_wait_hours is {self.max_wait_hours}, less than max_hours ({self.max_hours}); a spot job must be allowed to "
                "wait at least as long as it may run"
            )

    def render(self, role: JobRole) -> dict[str, Any]:
        """The step as it stands in the definition."""
        return {
            "Name": Verb.TRAIN.value,
            "Type": "Training",
            "RetryPolicies": [*RETRIES],
            "Arguments": {
                "RoleArn": role.role.role_arn,
                "AlgorithmSpecification": {
                    "TrainingImage": role.workplace.image.uri,
                    "TrainingInputMode": "File",
                    "ContainerEntrypoint": ["python", "-m", PACKAGE],
                    "ContainerArguments": [Verb.TRAIN.value, *self.arguments],
                },
                "Environment": _environment(role, SageMakerPaths.INPUT_DATA),
                "InputDataConfig": [channel(CODE, role.workplace.code.uri), channel("data", self.data)],
                "OutputDataConfig": {"S3OutputPath": self.output, "KmsKeyId": role.key.key_arn},
                "ResourceConfig": self.instance.cluster(self.disk_gb, role.key.key_arn, type_name=self.type_name),
                "CheckpointConfig": {"S3Uri": self.checkpoints, "LocalPath": str(SageMakerPaths.CHECKPOINTS)},
                "EnableManagedSpotTraining": True,
                "EnableNetworkIsolation": True,
                "EnableInterContainerTrafficEncryption": True,
                "VpcConfig": vpc_of(role.workplace.network),
                "StoppingCondition": {
                    "MaxRuntimeInSeconds": self.max_hours * 3600,
                    "MaxWaitTimeInSeconds": self.max_wait_hours * 3600,
                },
            },
        }


@dataclass(frozen=True)
class RegisterStep:
    """The finished bundle as a model package that waits for a person's approval."""

    group: Value
    serving_image: str
    model: Value
    metrics: Value
    evidence: Value
    """The evidence pack's page."""
    evidence_sha256: Value
    """Of the whole pack: who approves the package approves what this hash stands for."""

    def render(self) -> dict[str, Any]:
        """The step as it stands in the definition."""
        return {
            "Name": "register",
            "Type": "RegisterModel",
            "Arguments": {
                "ModelPackageGroupName": self.group,
                "ModelApprovalStatus": "PendingManualApproval",
                "InferenceSpecification": {
                    "Containers": [{"Image": self.serving_image, "ModelDataUrl": self.model}],
                    "SupportedContentTypes": list(IMAGE_CONTENT_TYPES),
                    "SupportedResponseMIMETypes": [READING_CONTENT_TYPE],
                    "SupportedRealtimeInferenceInstanceTypes": list(SERVING_INSTANCES),
                    "SupportedTransformInstanceTypes": list(SERVING_INSTANCES),
                },
                "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": self.metrics}}},
                "CustomerMetadataProperties": {"evidence": self.evidence, "evidence_sha256": self.evidence_sha256},
            },
        }


@dataclass(frozen=True)
class VerdictStep:
    """Goes on only where the gate's verdict says so; otherwise the run ends as failed and says where the reasons are."""

    verdict: Value
    report: Value
    passed: Mapping[str, Any]
    """The step that follows, rendered."""

    def render(self) -> dict[str, Any]:
        """The step as it stands in the definition."""
        stopped = {
            "Name": "refused",
            "Type": "Fail",
            "Arguments": {"ErrorMessage": join(" ", "The gate refused the model; the reasons are in", self.report)},
        }
        return {
            "Name": "verdict",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [{"Type": "Equals", "LeftValue": self.verdict, "RightValue": PASSED}],
                "IfSteps": [self.passed],
                "ElseSteps": [stopped],
            },
        }


def _environment(role: JobRole, mounts: PurePosixPath) -> dict[str, str]:
    return {"PYTHONPATH": role.workplace.code.python_path(mounts / CODE), "PYTHONDONTWRITEBYTECODE": "1"}


def vpc_of(network: IsolatedNetwork) -> dict[str, Any]:
    """Where a job runs."""
    return {"SecurityGroupIds": [network.jobs.security_group_id], "Subnets": network.subnets}


def _input(name: str, uri: Value, *, sharded: bool) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": str(SageMakerPaths.PROCESSING_INPUT / name),
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "ShardedByS3Key" if sharded else "FullyReplicated",
        },
    }


def _output(name: str, uri: Value) -> dict[str, Any]:
    return {
        "OutputName": name,
        "S3Output": {
            "S3Uri": uri,
            "LocalPath": str(SageMakerPaths.PROCESSING_OUTPUT / name),
            "S3UploadMode": "EndOfJob",
        },
    }


def channel(name: str, uri: Value, *, content_type: str | None = None) -> dict[str, Any]:
    """A training job's input, mounted by its name; every machine has all of it."""
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}},
        **({"ContentType": content_type} if content_type else {}),
    }
