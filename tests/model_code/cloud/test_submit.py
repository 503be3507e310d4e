"""Jobs submitted to moto's server: their requests, their logs, and what comes back."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from model_code.cloud import requests
from model_code.cloud.aws import Aws
from model_code.cloud.deployed import Pipeline, outputs, pipeline
from model_code.cloud.jobs import PROCESS, TRAIN, TRANSFORM, Job, download
from model_code.cloud.submit import (
    bring_back,
    job_name,
    pairs,
    submit_processing,
    submit_training,
    submit_transform,
    upload_code,
)
from model_code.errors import OverreadError, UsageError
from model_code.packing import tar_gz_of
from model_code.pipeline.literal import Json
from tests.model_code.cloud.conftest import put

DATA = "s3://shards/chest14/mine"


@pytest.fixture
def deployed(account: Aws) -> Pipeline:
    return pipeline(account, "dev")


def train(account: Aws, deployed: Pipeline, **changes: Any) -> tuple[Job, Json]:
    settings: dict[str, Any] = {"data": DATA, "given": {}, "more": [], "spot": True, **changes}
    job = submit_training(account, deployed, environment="dev", **settings)
    return job, job.describe()


def valid(operation: str, request: Json) -> None:
    """As the service's model says; moto is more patient."""
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation)
    report = ParamValidator().validate(request, model.input_shape)
    assert not report.has_errors(), report.generate_report()


def test_a_training_job_is_the_pipelines_step_with_other_data(account: Aws, deployed: Pipeline) -> None:
    more = ["--image-size", "512"]
    job, found = train(account, deployed, given={"Epochs": "7", "TrainingInstanceType": "ml.m5.xlarge"}, more=more)
    step = deployed.step("train").arguments

    channels = {c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"] for c in found["InputDataConfig"]}
    arguments = found["AlgorithmSpecification"]["ContainerArguments"]
    assert channels["data"] == f"{DATA}/" and channels["code"].endswith(".zip")
    assert arguments[arguments.index("--epochs") + 1] == "7" and arguments[-2:] == more
    assert found["ResourceConfig"]["InstanceType"] == "ml.m5.xlarge"
    assert found["EnableManagedSpotTraining"] is True
    assert found["RoleArn"] == step["RoleArn"] and found["VpcConfig"] == step["VpcConfig"]
    assert f"/runs/{job.name}/train/" in found["OutputDataConfig"]["S3OutputPath"]
    assert f"/runs/{job.name}/train/checkpoints" in found["CheckpointConfig"]["S3Uri"]
    assert found["EnableNetworkIsolation"] is True


def test_every_request_is_one_that_sagemaker_knows(account: Aws, deployed: Pipeline) -> None:
    code = "s3://a/c.zip"
    for spot in (True, False):
        made = requests.training(deployed, job="j", code=code, data=DATA, given={}, more=[], spot=spot)
        valid("CreateTrainingJob", made)
        assert ("MaxWaitTimeInSeconds" in made["StoppingCondition"]) is spot
    for verb, inputs in (("prepare", {}), ("export", {"bundle": "s3://a/b", "data": DATA})):
        made = requests.processing(deployed, verb, job="j", code=code, inputs=inputs, given={}, more=[])
        valid("CreateProcessingJob", made)
        assert made["Environment"]["PYTHONPATH"].endswith("/input/code/c.zip")
    model, work = requests.transform(deployed, job="j", model="s3://a/model.tar.gz", films="s3://f/x", given={})
    valid("CreateModel", model)
    valid("CreateTransformJob", work)


def test_the_code_is_this_checkouts_and_named_by_its_content(account: Aws, deployed: Pipeline, tmp_path: Path) -> None:
    address = upload_code(account, deployed)
    assert upload_code(account, deployed) == address
    (path,) = download(account, address, tmp_path)

    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        names = archive.namelist()
    assert {"model_code/__main__.py", "model_code/contract.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]
    described = account.call("s3", "head_object", Bucket=address.split("/")[2], Key=address.split("/", 3)[3])
    assert described["ServerSideEncryption"] == "aws:kms"


def test_nothing_is_uploaded_for_a_wrong_request(account: Aws, deployed: Pipeline) -> None:
    for wrong, message in (
        ({"data": "/home/me"}, "--data is '/home/me'; allowed: s3://BUCKET/PREFIX"),
        ({"given": {"Epoch": "3"}}, "unknown parameter 'Epoch'"),
        (
            {"given": {"TrainingInstanceType": "ml.p5.48xlarge"}},
            "TrainingInstanceType is .ml.p5.48xlarge.; allowed:",
        ),
    ):
        with pytest.raises(UsageError, match=message):
            train(account, deployed, **wrong)
    assert account.call("sagemaker", "list_training_jobs")["TrainingJobSummaries"] == []
    bucket = requests.models_of(deployed)[0].split("/")[2]
    assert "Contents" not in account.call("s3", "list_objects_v2", Bucket=bucket)


def test_a_step_needs_what_other_steps_would_have_made(account: Aws, deployed: Pipeline) -> None:
    with pytest.raises(UsageError, match=r"export needs what other steps made; give: --input bundle=s3://… --input data=s3://…"):
        submit_processing(account, deployed, "export", environment="dev", inputs={}, given={}, more=[])
    with pytest.raises(UsageError, match=r"unknown input 'films'; export has: bundle, data"):
        submit_processing(account, deployed, "export", environment="dev", inputs={"films": DATA}, given={}, more=[])
    with pytest.raises(UsageError, match=r"the step 'train' is of the type Training, not Processing"):
        submit_processing(account, deployed, "train", environment="dev", inputs={}, given={}, more=[])
    with pytest.raises(UsageError, match="unknown step 'sing'; choose one of: prepare, train, export"):
        submit_processing(account, deployed, "sing", environment="dev", inputs={}, given={}, more=[])
    with pytest.raises(UsageError, match=r"--input data is '/home/me'; allowed: s3://BUCKET/PREFIX"):
        submit_processing(account, deployed, "export", environment="dev", inputs={"data": "/home/me"}, given={}, more=[])
    assert account.call("sagemaker", "list_processing_jobs")["ProcessingJobSummaries"] == []


def test_a_processing_job_reads_what_is_given_and_writes_below_its_own_run(account: Aws, deployed: Pipeline) -> None:
    inputs = {"bundle": "s3://a/model.tar.gz", "data": DATA}
    job = submit_processing(account, deployed, "evaluate", environment="dev", inputs=inputs, given={}, more=["--split", "val"])
    found = job.describe()

    assert {i["InputName"]: i["S3Input"]["S3Uri"] for i in found["ProcessingInputs"]}.items() >= inputs.items()
    assert found["AppSpecification"]["ContainerArguments"][-2:] == ["--split", "val"]
    assert all(f"/runs/{job.name}/evaluate/" in address for address in job.outputs(found).values())


def test_a_transform_serves_the_bundle_with_the_image_of_the_registry(account: Aws, deployed: Pipeline) -> None:
    job = submit_transform(account, deployed, environment="dev", model="s3://a/model.tar.gz", films="s3://f/in")
    found = job.describe()
    model = account.call("sagemaker", "describe_model", ModelName=found["ModelName"])

    image = deployed.step("register").arguments["InferenceSpecification"]["Containers"][0]["Image"]
    assert model["PrimaryContainer"] == {"Image": image, "ModelDataUrl": "s3://a/model.tar.gz"}
    assert found["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] == "s3://f/in/"
    assert found["TransformInput"]["SplitType"] == "None"
    assert job.outputs(found)["readings"].endswith(f"/runs/{job.name}/transform/model")


def write_log(account: Aws, group: str, stream: str, *lines: str) -> None:
    account.call("logs", "create_log_stream", logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)  # others are thrown away as too old or too new
    events = [{"timestamp": now + n, "message": line} for n, line in enumerate(lines)]
    account.call("logs", "put_log_events", logGroupName=group, logStreamName=stream, logEvents=events)


def test_the_log_is_followed_to_its_end_and_the_bundle_brought_back(account: Aws, deployed: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/bundle.json").write_text("{}")
    job, described = train(account, deployed)
    account.call("logs", "create_log_group", logGroupName="/aws/sagemaker/TrainingJobs")
    write_log(account, "/aws/sagemaker/TrainingJobs", f"{job.name}/algo-1-1", "epoch 1", "epoch 2")
    write_log(account, "/aws/sagemaker/TrainingJobs", "overread-dev-train-other/algo-1-1", "of another job")
    put(account, job.outputs(described)["model"], tar_gz_of(tmp_path / "model"))
    said: list[str] = []

    found = job.follow(said.append, sleep=lambda _: None)
    brought = bring_back(job, found, tmp_path / "out")

    assert [line for line in said if line.startswith("epoch")] == ["epoch 1", "epoch 2"]
    assert said[0].startswith(f"{job.name}: Completed")
    assert not [line for line in said if "another" in line]
    assert list(job.new_lines()) == []
    assert brought == [f"{tmp_path / 'out/bundle'} (bundle)"]
    assert (tmp_path / "out/bundle/bundle.json").read_text() == "{}"


class Described(Job):
    """A job whose descriptions come one after the other."""

    def __init__(self, aws: Aws, *descriptions: Json) -> None:
        super().__init__(aws, TRAIN, "job")
        self._left = list(descriptions)

    def describe(self) -> Json:
        return self._left.pop(0)


def test_waiting_says_each_state_once(account: Aws) -> None:
    job = Described(
        account,
        {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Starting"},
        {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Starting"},
        {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Training"},
        {"TrainingJobStatus": "Completed"},
    )
    said: list[str] = []
    job.follow(said.append, sleep=lambda _: None)
    assert said == ["job: InProgress Starting", "job: InProgress Training", "job: Completed"]


def test_a_failed_job_says_why(account: Aws) -> None:
    job = Described(account, {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: no\nfilms"})
    with pytest.raises(OverreadError, match="the job 'job' ended as Failed: AlgorithmError: no films"):
        job.follow(lambda _: None)


def test_what_is_not_there_is_one_line(account: Aws, tmp_path: Path) -> None:
    for kind in (TRAIN, PROCESS, TRANSFORM):
        with pytest.raises(UsageError, match=f"there is no {kind.noun.lower()} job 'nobody' in this account and region"):
            Job(account, kind, "nobody").describe()
    with pytest.raises(UsageError, match="the stack 'overread-prod-training' is not in this account and region; set AWS_PROFILE"):
        pipeline(account, "prod")
    with pytest.raises(UsageError, match="has no output Other; deploy its newest version"):
        pipeline(account, "dev", "Other")
    with pytest.raises(OverreadError, match="nothing at 's3://studies/none'"):
        download(account, "s3://studies/none", tmp_path)
    assert outputs(account, "dev", "data")["StudiesBucket"] == "studies"


def test_a_download_takes_no_neighbours_and_stays_in_its_folder(account: Aws, tmp_path: Path) -> None:
    for key in ("run/a.out", "run/deep/b.out", "run-of-others/c.out"):
        put(account, f"s3://studies/{key}")
    files = download(account, "s3://studies/run", tmp_path / "out")
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in files) == ["a.out", "deep/b.out"]


def test_names_fit_and_sort_by_time() -> None:
    names = [job_name("staging", "calibrate") for _ in range(2)]
    assert all(len(name) <= 63 for name in names) and names[0] != names[1]


def test_pairs_are_read_and_others_refused() -> None:
    assert pairs(["a=1", "b=x=y"], "--parameter") == {"a": "1", "b": "x=y"}
    with pytest.raises(UsageError, match="--input is 'data'; allowed: NAME=VALUE"):
        pairs(["data"], "--input")


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match=r"pip install 'overread\[cloud\]'"):
        Aws()


def test_a_refused_call_is_one_line_with_awss_reason(account: Aws) -> None:
    with pytest.raises(OverreadError, match=r"^s3:get_object: NoSuchBucket: .*; check credentials, region and rights$"):
        account.call("s3", "get_object", Bucket="none", Key="k")
