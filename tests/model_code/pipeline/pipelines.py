"""Small pipelines for tests: jobs that are one line of Python, in the shape of real ones."""

from __future__ import annotations

from typing import Any

from model_code.pipeline.literal import Json

OUT = "/opt/ml/processing/output"
IN = "/opt/ml/processing/input"


def of(*steps: Json, parameters: list[Json] | None = None) -> Json:
    return {"Version": "2020-12-01", "Parameters": parameters or [], "Steps": list(steps)}


def parameter(name: str, default: Any, kind: str = "String", **more: Any) -> Json:
    return {"Name": name, "Type": kind, "DefaultValue": default, **more}


def processing(
    name: str,
    code: str,
    *arguments: Any,
    reads: dict[str, Any] | None = None,
    shared: str | None = None,
    machines: int = 1,
    after: list[str] | None = None,
    files: dict[str, str] | None = None,
    **more: Any,
) -> Json:
    """A job that runs Python code; what it writes to its output ``out`` goes to ``s3://made/NAME``."""
    inputs = [
        {
            "InputName": key,
            "S3Input": {
                "S3Uri": uri,
                "LocalPath": f"{IN}/{key}",
                "S3DataDistributionType": "ShardedByS3Key" if key == shared else "FullyReplicated",
            },
        }
        for key, uri in (reads or {}).items()
    ]
    return {
        "Name": name,
        "Type": "Processing",
        "DependsOn": after or [],
        "PropertyFiles": [
            {"PropertyFileName": key, "OutputName": "out", "FilePath": file} for key, file in (files or {}).items()
        ],
        "Arguments": {
            "AppSpecification": {"ContainerEntrypoint": ["python", "-c", code], "ContainerArguments": list(arguments)},
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {
                "Outputs": [{"OutputName": "out", "S3Output": {"S3Uri": f"s3://made/{name}", "LocalPath": f"{OUT}/out"}}]
            },
            "ProcessingResources": {"ClusterConfig": {"InstanceCount": machines, "InstanceType": "ml.m5.xlarge"}},
        },
        **more,
    }


def writes(file: str, text: str) -> str:
    """Code that leaves a file in the output."""
    place = f"os.environ['SAGEMAKER_BASE_DIR'] + '/processing/output/out/{file}'"
    return f"import os, pathlib; pathlib.Path({place}).write_text({text!r})"


def training(code: str, *arguments: Any, channels: dict[str, str] | None = None, **more: Any) -> Json:
    return {
        "Name": "train",
        "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {"ContainerEntrypoint": ["python", "-c", code], "ContainerArguments": list(arguments)},
            "HyperParameters": {"epochs": "3"},
            "InputDataConfig": [
                {"ChannelName": key, "DataSource": {"S3DataSource": {"S3Uri": uri}}} for key, uri in (channels or {}).items()
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://made/train"},
            "CheckpointConfig": {"S3Uri": "s3://made/checkpoints", "LocalPath": "/opt/ml/checkpoints"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge"},
        },
        **more,
    }


def condition(holds: Json, then: list[Json], otherwise: list[Json], name: str = "gate") -> Json:
    return {
        "Name": name,
        "Type": "Condition",
        "Arguments": {"Conditions": [holds], "IfSteps": then, "ElseSteps": otherwise},
    }


def fail(message: Any, name: str = "refused") -> Json:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def registration(model: Any, metrics: str | None = None, **more: Any) -> Json:
    statistics = {"ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": metrics}}}} if metrics else {}
    return {
        "Name": "register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": "overread-test",
            "InferenceSpecification": {"Containers": [{"ModelDataUrl": model}]},
            **statistics,
            **more,
        },
    }
