"""One execution of a workflow: started, waited for, and read."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from operations.rehearse.exercises.scene import Json, Scene


@dataclass(frozen=True)
class Run:
    """An execution that ended."""

    status: str
    cause: str
    path: list[str]
    """The states that were entered, in order."""


def run(scene: Scene, machine: str, given: Json) -> Run:
    """Starts one and waits for its end."""
    started = scene.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=str(uuid.uuid4()), input=json.dumps(given)
    )
    return ended(scene, started["executionArn"])


def ended(scene: Scene, execution: str) -> Run:
    """Waits for the end of an execution."""
    states = scene.client("stepfunctions")

    def over() -> Json | None:
        shown = states.describe_execution(executionArn=execution)
        return dict(shown) if shown["status"] != "RUNNING" else None

    shown = scene.wait(f"the end of {execution.split(':')[-2]}", over)
    history = states.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    path = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    cause = " ".join(f"{shown.get('error', '')} {shown.get('cause', '')}".split())
    return Run(shown["status"], cause, path)
