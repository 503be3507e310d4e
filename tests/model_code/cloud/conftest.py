"""An account with the environment dev deployed in it: moto's server on loopback, asked by real clients over HTTP."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from model_code.cloud.aws import Aws
from model_code.pipeline.assembly import read_assembly
from model_code.pipeline.literal import Json

ROLE = "arn:aws:iam::123456789012:role/jobs"
BUCKETS = ("studies", "shards", "artifactsbucket")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of the emulator."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture(scope="session")
def definition(assembly: Path) -> tuple[str, Json]:
    """Name and definition of the pipeline that is deployed."""
    return read_assembly(assembly, "dev").pipeline()


@pytest.fixture
def account(server: str, monkeypatch: pytest.MonkeyPatch, definition: tuple[str, Json]) -> Aws:
    """An account in which the environment's stacks have their outputs, and its pipeline and buckets are there."""
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST"), timeout=10).close()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }.items():
        monkeypatch.setenv(name, value)
    aws = Aws()
    name, body = definition
    for bucket in (*BUCKETS, artifacts_of(body)):
        aws.call("s3", "create_bucket", Bucket=bucket)
    aws.call(
        "sagemaker",
        "create_pipeline",
        PipelineName=name,
        PipelineDefinition=json.dumps(body),
        ClientRequestToken="t" * 36,
        RoleArn=ROLE,
    )
    stack(aws, "training", PipelineName=name)
    stack(aws, "data", StudiesBucket="studies", ShardsBucket="shards")
    return aws


def artifacts_of(definition: Json) -> str:
    """The bucket that the jobs write models to."""
    train = next(step for step in definition["Steps"] if step["Name"] == "train")
    place = train["Arguments"]["OutputDataConfig"]["S3OutputPath"]["Std:Join"]["Values"][0]
    return str(place).removeprefix("s3://").partition("/")[0]


def stack(aws: Aws, short: str, **outputs: str) -> None:
    """A deployed stack of the environment dev with these outputs."""
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    aws.call("cloudformation", "create_stack", StackName=f"overread-dev-{short}", TemplateBody=json.dumps(template))


def put(aws: Aws, address: str, content: bytes = b"x") -> str:
    """An object in S3."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    aws.call("s3", "put_object", Bucket=bucket, Key=key, Body=content)
    return address
