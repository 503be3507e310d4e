"""A run of the pipeline on disk: what it was asked for and how far it came, so that it can go on after a failure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from model_code.errors import OverreadError, unknown
from model_code.files import atomic_file
from model_code.pipeline.literal import ACCOUNT

FILE: Final = "run.json"
RUNS: Final = "runs"


class State(StrEnum):
    """Of a step or of a run, as SageMaker names them."""

    EXECUTING = "Executing"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"
    NOT_EXECUTED = "NotExecuted"
    """In the branch that a condition did not take."""


class StepRecord(BaseModel):
    """One step of a run."""

    model_config = ConfigDict(extra="forbid")

    state: State
    type: str
    started: str
    seconds: float = 0.0
    attempts: int = 1
    log: str | None = None
    """Of a job: where its output is, below the run's folder."""
    properties: dict[str, Any] = {}
    """What later steps can ask for."""
    files: dict[str, str] = {}
    """S3 addresses of its property files, by name."""
    said: str = ""
    """One line about how it ended."""


class RunRecord(BaseModel):
    """One run."""

    model_config = ConfigDict(extra="forbid")

    schema_name: Literal["overread.pipeline-run/1"] = "overread.pipeline-run/1"
    id: str
    environment: str
    pipeline: str
    started: str
    state: State = State.EXECUTING
    parameters: dict[str, Any]
    films: str | None = None
    """The folder of this machine that is lent to the run's first step; None where its films are in S3."""
    definition: dict[str, Any]
    steps: dict[str, StepRecord] = {}

    @property
    def execution(self) -> dict[str, str]:
        """What ``Execution.…`` gives."""
        arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/{self.pipeline}"
        return {
            "PipelineName": self.pipeline,
            "PipelineArn": arn,
            "PipelineExecutionId": self.id,
            "PipelineExecutionArn": f"{arn}/execution/{self.id}",
            "StartDateTime": self.started,
        }

    def done(self) -> set[str]:
        """Names of the steps that need not run any more."""
        return {name for name, step in self.steps.items() if step.state in (State.SUCCEEDED, State.NOT_EXECUTED)}


def new_run(*, environment: str, pipeline: str, definition: Mapping[str, Any], parameters: Mapping[str, Any]) -> RunRecord:
    """A run that has not begun; its id sorts by time."""
    now = datetime.now(UTC)
    return RunRecord(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        environment=environment,
        pipeline=pipeline,
        started=now.isoformat(timespec="seconds"),
        parameters=dict(parameters),
        definition=dict(definition),
    )


def folder_of(root: Path, run: str) -> Path:
    """Where a run lies."""
    return root / RUNS / run


def save(root: Path, run: RunRecord) -> None:
    """Writes a run's record as it stands."""
    with atomic_file(folder_of(root, run.id) / FILE) as temporary:
        temporary.write_text(run.model_dump_json(indent=2) + "\n", encoding="utf-8")


def load(root: Path, name: str) -> RunRecord:
    """The run of that name, or of the one beginning of a name.

    Raises:
        UsageError: there is no such run.
        OverreadError: its record is damaged.
    """
    runs = sorted(path.parent.name for path in (root / RUNS).glob(f"*/{FILE}"))
    found = [run for run in runs if run == name] or [run for run in runs if name and run.startswith(name)]
    if len(found) != 1:
        raise unknown("run", name, runs or ["(none yet)"])
    path = folder_of(root, found[0]) / FILE
    try:
        return RunRecord.model_validate_json(path.read_bytes())
    except ValidationError:
        raise OverreadError(f"'{path}' is no record of a run; start a new one with overread pipeline run") from None
