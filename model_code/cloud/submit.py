"""``overread submit``: a step of the pipeline as one job on SageMaker, followed from here.

Role, network, keys, image, buckets and machine are those of the deployed pipeline's step, which the environment's stack
names in its outputs; nothing is configured twice. The code is this checkout's, as a zip named by its content.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from model_code.archive import NAME as ARCHIVE
from model_code.archive import unpacked
from model_code.builtin.training import BuiltinTraining
from model_code.cloud import requests
from model_code.cloud.aws import Aws
from model_code.cloud.deployed import Pipeline
from model_code.cloud.jobs import PROCESS, TRAIN, TRANSFORM, Job, download
from model_code.errors import UsageError
from model_code.files import atomic_folder
from model_code.packing import zip_of

PACKAGE_FOLDER: Final = Path(__file__).parents[1]


def submit_training(
    aws: Aws, pipeline: Pipeline, *, environment: str, data: str, given: Mapping[str, str], more: Sequence[str], spot: bool
) -> Job:
    """Starts ``train`` on a prepared data set in S3; raises UsageError for a wrong parameter."""
    name, place = job_name(environment, "train"), _below(data, "--data")
    pipeline.parameters(dict(given))  # a wrong one is said before anything is uploaded
    code = upload_code(aws, pipeline)
    request = requests.training(pipeline, job=name, code=code, data=place, given=given, more=more, spot=spot)
    aws.call("sagemaker", "create_training_job", **request)
    return Job(aws, TRAIN, name)


def submit_builtin(aws: Aws, pipeline: Pipeline, *, environment: str, dataset: Path, data: str, spot: bool) -> Job:
    """Starts SageMaker's Image Classification on what ``overread builtin data`` wrote into ``dataset`` and stands at ``data``.

    Raises:
        UsageError: the folder is none of those.
    """
    try:
        training = BuiltinTraining(**json.loads((dataset / "builtin.json").read_bytes())["training"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"no usable builtin.json in '{dataset}'; write it with: overread builtin data --out {dataset}") from None
    name = job_name(environment, "builtin")
    channels = training.channels(_address(data, "--data"))
    request = requests.builtin(pipeline, job=name, hyperparameters=training.hyperparameters, channels=channels, spot=spot)
    aws.call("sagemaker", "create_training_job", **request)
    return Job(aws, TRAIN, name)


def submit_processing(
    aws: Aws,
    pipeline: Pipeline,
    verb: str,
    *,
    environment: str,
    inputs: Mapping[str, str],
    given: Mapping[str, str],
    more: Sequence[str],
) -> Job:
    """Starts one of the pipeline's processing steps; raises UsageError for a wrong step, input or parameter."""
    name = job_name(environment, verb)
    checked = {key: _address(address, f"--input {key}") for key, address in inputs.items()}
    # once without code, so that a wrong input is said before anything is uploaded
    requests.processing(pipeline, verb, job=name, code="s3://none/none.zip", inputs=checked, given=given, more=more)
    code = upload_code(aws, pipeline)
    request = requests.processing(pipeline, verb, job=name, code=code, inputs=checked, given=given, more=more)
    aws.call("sagemaker", "create_processing_job", **request)
    return Job(aws, PROCESS, name)


def submit_transform(aws: Aws, pipeline: Pipeline, *, environment: str, model: str, films: str) -> Job:
    """Starts a batch transform that reads all films below an S3 prefix."""
    name = job_name(environment, "transform")
    bundle = model if model.startswith("arn:") else _address(model, "--model")
    made, work = requests.transform(pipeline, job=name, model=bundle, films=_below(films, "--films"), given={})
    aws.call("sagemaker", "create_model", **made)
    aws.call("sagemaker", "create_transform_job", **work)
    return Job(aws, TRANSFORM, name)


def bring_back(job: Job, described: Mapping[str, object], out: Path) -> list[str]:
    """Downloads what a finished job left into ``out``; a bundle's archive is unpacked. Returns what there is now."""
    brought = []
    for name, address in job.outputs(dict(described)).items():
        folder = out if job.kind is not PROCESS else out / name
        for path in download(job.aws, address, folder):
            if path.name == ARCHIVE:
                bundle = out / "bundle"
                with unpacked(path, bundle) as (source, _), atomic_folder(bundle) as temporary:
                    shutil.copytree(source, temporary, dirs_exist_ok=True)
                brought.append(f"{bundle} (bundle)")
            else:
                brought.append(str(path))
    return brought


def upload_code(aws: Aws, pipeline: Pipeline, package: Path = PACKAGE_FOLDER) -> str:
    """Puts this checkout's package as a zip, named by its content, below the models' bucket; returns its S3 address."""
    archive = zip_of(package.parent, only=package.name)
    prefix, encryption_key = requests.models_of(pipeline)
    place = urlsplit(prefix)
    key = f"{place.path.strip('/')}/code/{hashlib.sha256(archive).hexdigest()}.zip"
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encryption_key}
    aws.call("s3", "put_object", Bucket=place.netloc, Key=key, Body=archive, **encryption)
    return f"s3://{place.netloc}/{key}"


def job_name(environment: str, step: str) -> str:
    """A name that sorts by time; SageMaker takes 63 letters, digits and hyphens."""
    return f"overread-{environment}-{step}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` texts as a mapping; raises UsageError for one that is none."""
    found = {}
    for text in texts:
        name, given, value = text.partition("=")
        if not (name and given):
            raise UsageError(f"{option} is '{text}'; allowed: NAME=VALUE")
        found[name] = value
    return found


def _address(text: str, option: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "s3" or not parts.netloc:
        raise UsageError(f"{option} is '{text}'; allowed: s3://BUCKET/PREFIX (overread upload puts a data set there)")
    return text.rstrip("/")


def _below(text: str, option: str) -> str:
    """What lies below a folder: SageMaker takes all that begins like a prefix, ``s3://b/patient10/`` too for ``s3://b/patient1``."""
    return f"{_address(text, option)}/"
