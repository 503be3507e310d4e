"""Processing and training jobs on this machine: SageMaker's folders below ``opt/ml``, the command, and what it leaves in S3.

No container runs, so a mount is a rewriting: ``/opt/ml`` in arguments and environment becomes the job's own folder, which
``SAGEMAKER_BASE_DIR`` also names (as for AWS's own toolkits).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model_code.files import write_json
from model_code.packing import tar_gz_of
from model_code.pipeline.literal import Json
from model_code.pipeline.process import Command, JobError, run
from model_code.pipeline.retries import SERVICE_FAULT, Fault
from model_code.pipeline.store import Store

MOUNT: Final = re.compile(r"(?<![\w.-])/opt/ml(?=/|$)")
ML: Final = Path("opt/ml")
FAILURE_CHARACTERS: Final = 1024
"""What SageMaker takes from a training job's ``output/failure``."""
IMAGE_DEFAULT: Final = ("python", "-m", "model_code", "train")
"""What the training image runs where a job names no entry point."""

OF_THE_IMAGE: Final = {"PYTHONUNBUFFERED": "1"}
"""As its Dockerfile sets it; a log ends with what came last."""


@dataclass(frozen=True)
class Workshop:
    """Where one job runs."""

    name: str
    """Of the job, unique in its run."""
    folder: Path
    log: Path
    store: Store


def process(request: Json, shop: Workshop) -> Json:
    """Runs a CreateProcessingJob request; several machines one after the other. Returns what DescribeProcessingJob would add.

    Raises:
        JobError: the command failed.
        OverreadError: an input is not there.
        Fault: the surroundings failed; it can be tried again.
    """
    cluster = request["ProcessingResources"]["ClusterConfig"]
    hosts = [f"algo-{number}" for number in range(1, int(cluster["InstanceCount"]) + 1)]
    application = request["AppSpecification"]
    for number, host in enumerate(hosts):
        base = _clean(shop.folder / host if len(hosts) > 1 else shop.folder)
        with _disk():
            for entry in request.get("ProcessingInputs", ()):
                source = entry["S3Input"]
                sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
                share = (number, len(hosts)) if sharded else (0, 1)
                shop.store.stage(source["S3Uri"], _mounted(source["LocalPath"], base), share=share)
            outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", ())
            for output in outputs:
                _mounted(output["S3Output"]["LocalPath"], base).mkdir(parents=True, exist_ok=True)
            write_json(base / "config/resourceconfig.json", {"current_host": host, "hosts": hosts})
            write_json(base / "config/processingjobconfig.json", request)
        command = [*application.get("ContainerEntrypoint", ()), *application.get("ContainerArguments", ())]
        _run(command, request, base, shop, {})
        with _disk():
            for output in outputs:
                shop.store.collect(_mounted(output["S3Output"]["LocalPath"], base), output["S3Output"]["S3Uri"])
    return {"ProcessingJobName": shop.name, "ProcessingJobStatus": "Completed"}


def train(request: Json, shop: Workshop) -> Json:
    """Runs a CreateTrainingJob request. Checkpoints are in S3 at every moment. Returns what DescribeTrainingJob would add.

    Raises:
        JobError: the command failed, with the text that it left in ``output/failure``; or it asks for several machines.
        OverreadError: a channel is empty.
        Fault: the surroundings failed; it can be tried again.
    """
    if (machines := request["ResourceConfig"].get("InstanceCount", 1)) != 1:
        raise JobError(f"it asks for {machines} machines, and this is one; run the pipeline with one, or on SageMaker")
    base = _clean(shop.folder)
    with _disk():
        _lay_out(request, base, shop.store)
    algorithm = request["AlgorithmSpecification"]
    command = [*algorithm.get("ContainerEntrypoint", IMAGE_DEFAULT), *algorithm.get("ContainerArguments", ())]
    try:
        _run(command, request, base, shop, {"TRAINING_JOB_NAME": shop.name})
    except JobError as error:
        told = base / "output/failure"
        if told.is_file():
            raise JobError(f"{told.read_text('utf-8', 'replace')[:FAILURE_CHARACTERS].strip()}; log: {shop.log}") from error
        raise
    place = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{shop.name}/output"
    with _disk():
        shop.store.write(f"{place}/model.tar.gz", tar_gz_of(base / "model"))
        if any((base / "output/data").iterdir()):
            shop.store.write(f"{place}/output.tar.gz", tar_gz_of(base / "output/data"))
    return {
        "TrainingJobName": shop.name,
        "TrainingJobStatus": "Completed",
        "ModelArtifacts": {"S3ModelArtifacts": f"{place}/model.tar.gz"},
    }


def _lay_out(request: Json, base: Path, store: Store) -> None:
    """The folders and configuration files that a training container finds."""
    for channel in request.get("InputDataConfig", ()):
        store.stage(channel["DataSource"]["S3DataSource"]["S3Uri"], base / "input/data" / channel["ChannelName"])
    for folder in ("model", "output/data"):
        (base / folder).mkdir(parents=True)
    if "CheckpointConfig" in request:
        kept = store.path(request["CheckpointConfig"]["S3Uri"])
        kept.mkdir(parents=True, exist_ok=True)
        (base / "checkpoints").symlink_to(kept.resolve(), target_is_directory=True)
    whole = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated"}
    channels = {channel["ChannelName"]: whole for channel in request.get("InputDataConfig", ())}
    configuration = {
        "hyperparameters": request.get("HyperParameters", {}),
        "inputdataconfig": channels,
        "resourceconfig": {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"},
        "checkpointconfig": request.get("CheckpointConfig", {}),
    }
    for name, content in configuration.items():
        write_json(base / f"input/config/{name}.json", content)


def _run(command: Sequence[str], request: Json, base: Path, shop: Workshop, more: Mapping[str, str]) -> None:
    environment = {**OF_THE_IMAGE, **more, "SAGEMAKER_BASE_DIR": str(base), **_here(request.get("Environment", {}), base)}
    limit = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400)
    run(Command(_here(list(command), base), environment, base.parent, shop.log, float(limit)))


def _clean(folder: Path) -> Path:
    """``opt/ml`` below a folder, empty: an attempt starts from nothing but its checkpoints, which are in S3."""
    base = (folder / ML).resolve()
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    return base


def _mounted(path: str, base: Path) -> Path:
    return Path(_here(path, base))


def _here(value: Any, base: Path) -> Any:
    """The value with ``/opt/ml`` as it is on this machine."""
    return json.loads(MOUNT.sub(lambda _: json.dumps(str(base))[1:-1], json.dumps(value)))


@contextmanager
def _disk() -> Iterator[None]:
    """Failures of the file system as a fault that may be tried again; what is missing in S3 is none."""
    try:
        yield
    except OSError as error:
        raise Fault(SERVICE_FAULT, f"its folders could not be prepared ({error.strerror})") from error
