"""Jobs that run on SageMaker: their state, their log, and what they leave."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from model_code.cloud.aws import Aws
from model_code.errors import OverreadError, UsageError
from model_code.files import atomic_file
from model_code.pipeline.literal import Json

LOOK_EVERY: Final = 5.0
ENDED: Final = ("Completed", "Failed", "Stopped")


class JobFailed(OverreadError):
    """A job has ended, and not well."""


@dataclass(frozen=True)
class Kind:
    """The names that SageMaker has for one kind of job."""

    word: str
    noun: str

    @property
    def logs(self) -> str:
        """The log group of all jobs of this kind."""
        return f"/aws/sagemaker/{self.noun}Jobs"


TRAIN, PROCESS, TRANSFORM = Kind("train", "Training"), Kind("process", "Processing"), Kind("transform", "Transform")


class Job:
    """One job."""

    def __init__(self, aws: Aws, kind: Kind, name: str) -> None:
        self.aws, self.kind, self.name = aws, kind, name
        self._tokens: dict[str, str] = {}

    def describe(self) -> Json:
        """As SageMaker describes it.

        Raises:
            UsageError: there is no such job.
        """
        try:
            found: Json = self._call("describe")
        except OverreadError as error:
            if self.aws.is_missing(error):
                raise UsageError(f"there is no {self.kind.noun.lower()} job '{self.name}' in this account and region") from error
            raise
        return found

    def stop(self) -> None:
        """Asks SageMaker to end it; training saves a checkpoint first."""
        self._call("stop")

    def state(self, described: Json) -> str:
        """``InProgress``, ``Completed``, ``Failed``, ``Stopping``, ``Stopped``."""
        return str(described[f"{self.kind.noun}JobStatus"])

    def follow(self, say: Callable[[str], None], *, sleep: Callable[[float], None] = time.sleep) -> Json:
        """Says the job's log, line by line, until it has ended; returns its last description.

        Raises:
            JobFailed: it failed or was stopped.
            OverreadError: AWS could not be reached any more, or refused to tell; the job goes on.
        """
        said = ""
        while True:
            described = self.describe()
            state = self.state(described)
            more = described.get("SecondaryStatus", "")
            if (now := f"{state} {more}".strip()) != said:
                said = now
                say(f"{self.name}: {said}")
            for line in self.new_lines():
                say(line)
            if state in ENDED:
                break
            sleep(LOOK_EVERY)
        if state != "Completed":
            reason = " ".join(str(described.get("FailureReason", "no reason given")).split())
            raise JobFailed(f"the job '{self.name}' ended as {state}: {reason}")
        return described

    def new_lines(self) -> Iterator[str]:
        """Lines of all its machines' logs that were not yielded before; none while there is no log."""
        try:
            streams = self.aws.call(
                "logs", "describe_log_streams", logGroupName=self.kind.logs, logStreamNamePrefix=f"{self.name}/"
            )["logStreams"]
        except OverreadError as error:
            if self.aws.is_missing(error):
                return
            raise
        for stream in streams:
            name = stream["logStreamName"]
            while True:
                token = {"nextToken": self._tokens[name]} if name in self._tokens else {}
                page = self.aws.call(
                    "logs", "get_log_events", logGroupName=self.kind.logs, logStreamName=name, startFromHead=True, **token
                )
                yield from (event["message"].rstrip() for event in page["events"])
                if page["nextForwardToken"] == self._tokens.get(name) or not page["events"]:
                    self._tokens[name] = page["nextForwardToken"]
                    break
                self._tokens[name] = page["nextForwardToken"]

    def outputs(self, described: Json) -> dict[str, str]:
        """S3 addresses of what it left, by name."""
        if self.kind is TRAIN:
            return {"model": described["ModelArtifacts"]["S3ModelArtifacts"]}
        if self.kind is TRANSFORM:
            return {"readings": described["TransformOutput"]["S3OutputPath"]}
        found = described["ProcessingOutputConfig"]["Outputs"]
        return {output["OutputName"]: output["S3Output"]["S3Uri"] for output in found}

    def _call(self, what: str) -> Any:
        operation = f"{what}_{self.kind.noun.lower()}_job"
        return self.aws.call("sagemaker", operation, **{f"{self.kind.noun}JobName": self.name})


def download(aws: Aws, address: str, folder: Path) -> list[Path]:
    """Brings the object at an S3 address, or all below it, into a folder; returns the files.

    Raises:
        OverreadError: there is nothing, or it cannot be read.
    """
    parts = urlsplit(address)
    bucket, key = parts.netloc, parts.path.lstrip("/")
    files = []
    s3 = aws.client("s3")
    with aws.told("s3:download"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        for one in keys:
            if one != key and not one.startswith(f"{key.rstrip('/')}/"):
                continue  # a prefix also finds what only begins alike
            name = one.rpartition("/")[2] if one == key else one.removeprefix(f"{key.rstrip('/')}/")
            target = (folder / name).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise OverreadError(f"an object below '{address}' has a name that leads out of '{folder}'; look at that bucket")
            with atomic_file(target) as temporary:
                s3.download_file(bucket, one, str(temporary))
            files.append(target)
    if not files:
        raise OverreadError(f"nothing at '{address}'; the job left no such output")
    return files
