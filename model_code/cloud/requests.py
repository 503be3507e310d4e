"""Requests for single jobs, taken from the steps of the deployed pipeline: the same role, network, keys, image and machine.

What differs from a run of the pipeline: the code is this checkout's, the inputs are named by whoever submits, and everything
that the job makes stands below ``runs/<job>/``.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from model_code.cloud.deployed import Pipeline
from model_code.contract import IMAGE_CONTENT_TYPES, READING_CONTENT_TYPE, Verb
from model_code.errors import UsageError
from model_code.pipeline.definition import Step
from model_code.pipeline.expressions import Scope
from model_code.pipeline.literal import Json

CODE: Final = "code"
"""Channel and input that the pipeline mounts its code in."""
MAX_PAYLOAD_MB: Final = 64
"""Of one film in a batch transform: what the decoder reads at most."""


def training(
    pipeline: Pipeline, *, job: str, code: str, data: str, given: Mapping[str, str], more: Sequence[str], spot: bool
) -> Json:
    """A CreateTrainingJob request.

    Args:
        pipeline: the deployed one.
        job: name of the job.
        code: S3 address of the code's zip.
        data: S3 prefix of a prepared data set.
        given: values of the pipeline's parameters.
        more: arguments for ``train``; the last of two wins.
        spot: whether to wait for unused machines, at about a third of the price, and be interrupted.
    """
    step = _step_of(pipeline, Verb.TRAIN.value, "Training")
    arguments = copy.deepcopy(step.arguments)
    for channel in arguments["InputDataConfig"]:
        channel["DataSource"]["S3DataSource"]["S3Uri"] = code if channel["ChannelName"] == CODE else data
    request = _resolved(pipeline, arguments, job, given)
    _take_code(request, code)
    request["AlgorithmSpecification"]["ContainerArguments"] += more
    return _training_job(job, request, spot=spot)


def builtin(pipeline: Pipeline, *, job: str, hyperparameters: Mapping[str, str], channels: Sequence[Json], spot: bool) -> Json:
    """A CreateTrainingJob request for SageMaker's own algorithm, from the environment's pipeline for it."""
    step = _step_of(pipeline, Verb.TRAIN.value, "Training")
    request = _resolved(pipeline, {**step.arguments, "InputDataConfig": list(channels)}, job, {})
    request["HyperParameters"] = {**request["HyperParameters"], **hyperparameters}
    return _training_job(job, request, spot=spot)


def _training_job(job: str, request: Json, *, spot: bool) -> Json:
    request["EnableManagedSpotTraining"] = spot
    if not spot:
        request["StoppingCondition"].pop("MaxWaitTimeInSeconds", None)
    return {"TrainingJobName": job, **request}


def processing(
    pipeline: Pipeline,
    verb: str,
    *,
    job: str,
    code: str,
    inputs: Mapping[str, str],
    given: Mapping[str, str],
    more: Sequence[str],
) -> Json:
    """A CreateProcessingJob request of one step. ``inputs`` are S3 addresses by the input's name.

    Raises:
        UsageError: no such step or input, or one that another step makes is not given.
    """
    step = _step_of(pipeline, verb, "Processing")
    arguments = copy.deepcopy(step.arguments)
    entries = {entry["InputName"]: entry["S3Input"] for entry in arguments["ProcessingInputs"]}
    for name in inputs:
        if name not in entries or name == CODE:
            raise UsageError(f"unknown input '{name}'; {verb} has: {', '.join(sorted(entries.keys() - {CODE}))}")
    made = [name for name, entry in entries.items() if set(_roots(entry["S3Uri"])) & {"Execution", "Steps"}]
    if missing := sorted(set(made) - set(inputs)):
        raise UsageError(f"{verb} needs what other steps made; give: {' '.join(f'--input {name}=s3://…' for name in missing)}")
    for name, address in {**inputs, CODE: code}.items():
        entries[name]["S3Uri"] = address
    request = _resolved(pipeline, arguments, job, given)
    _take_code(request, code)
    request["AppSpecification"]["ContainerArguments"] += more
    return {"ProcessingJobName": job, **request}


def transform(pipeline: Pipeline, *, job: str, model: str, films: str, given: Mapping[str, str]) -> tuple[Json, Json]:
    """CreateModel and CreateTransformJob requests that read every film below an S3 prefix with a bundle.

    Args:
        pipeline: the deployed one.
        job: name of the job and of its model.
        model: S3 address of a bundle's ``model.tar.gz``, or ARN of a model package.
        films: S3 prefix.
        given: values of the pipeline's parameters.
    """
    train = _resolved(pipeline, _without_inputs(_step_of(pipeline, Verb.TRAIN.value, "Training").arguments), job, given)
    served = pipeline.step("register").arguments["InferenceSpecification"]
    source = (
        {"ModelPackageName": model}
        if model.startswith("arn:")
        else {"Image": served["Containers"][0]["Image"], "ModelDataUrl": model}
    )
    key = train["OutputDataConfig"]["KmsKeyId"]
    made = {
        "ModelName": job,
        "ExecutionRoleArn": train["RoleArn"],
        "PrimaryContainer": source,
        "EnableNetworkIsolation": True,
        "VpcConfig": train["VpcConfig"],
    }
    work = {
        "TransformJobName": job,
        "ModelName": job,
        "MaxConcurrentTransforms": 1,
        "MaxPayloadInMB": MAX_PAYLOAD_MB,
        "BatchStrategy": "SingleRecord",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": films}},
            "ContentType": IMAGE_CONTENT_TYPES[0],  # the server looks into the file itself
            "SplitType": "None",
        },
        "TransformOutput": {
            "S3OutputPath": train["OutputDataConfig"]["S3OutputPath"].replace(f"/{Verb.TRAIN.value}/", "/transform/"),
            "Accept": READING_CONTENT_TYPE,
            "KmsKeyId": key,
        },
        "TransformResources": {
            "InstanceCount": 1,
            "InstanceType": served["SupportedTransformInstanceTypes"][0],
            "VolumeKmsKeyId": key,
        },
    }
    return made, work


def models_of(pipeline: Pipeline) -> tuple[str, str]:
    """Where the task's models stand: the S3 prefix that the jobs' role writes below, and the ARN of its key."""
    arguments = _without_inputs(_step_of(pipeline, Verb.TRAIN.value, "Training").arguments)
    output = _resolved(pipeline, arguments, "none", {})["OutputDataConfig"]
    return output["S3OutputPath"].partition("/runs/")[0], output["KmsKeyId"]


def _step_of(pipeline: Pipeline, name: str, kind: str) -> Step:
    step = pipeline.step(name)
    if step.type != kind:
        raise UsageError(f"the step '{name}' is of the type {step.type}, not {kind}")
    return step


def _resolved(pipeline: Pipeline, arguments: Json, job: str, given: Mapping[str, str]) -> Json:
    scope = Scope(
        parameters=pipeline.parameters(dict(given)),
        execution={"PipelineExecutionId": job, "PipelineName": pipeline.name},
        steps={},
        files={},
        read=_nothing,
    )
    return dict(scope.value(arguments))


def _nothing(address: str) -> bytes:
    raise UsageError(f"'{address}' is made by another step; a single job cannot wait for it")


def _take_code(request: Json, code: str) -> None:
    """The zip has its own name, which stands in Python's path."""
    path = request["Environment"]["PYTHONPATH"]
    request["Environment"]["PYTHONPATH"] = f"{path.rpartition('/')[0]}/{code.rpartition('/')[2]}"


def _without_inputs(arguments: Json) -> Json:
    return {key: value for key, value in arguments.items() if key != "InputDataConfig"}


def _roots(value: Any) -> Iterator[str]:
    """The first words of every ``Get`` in an expression."""
    text = json.dumps(value)
    for part in text.split('{"Get": "')[1:]:
        yield part.partition(".")[0]
