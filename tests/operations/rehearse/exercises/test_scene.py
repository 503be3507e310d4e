"""Functions by their handlers, workflows by their names, and a wait that says what stood in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.assembly import Json
from operations.rehearse.exercises.scene import AbsentError, ExerciseError
from operations.rehearse.exercises.workflow import ended
from tests.operations.rehearse.deployed import Deployed, deployed, found, scene

FUNCTION, MACHINE = "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"
CONFIGURATIONS: Json = {
    "zip": {"FunctionName": "zip", "Handler": "model_code.lambdas.predict.handler", "Environment": {"Variables": {"A": "b"}}},
    "image": {
        "FunctionName": "image",
        "ImageConfigResponse": {"ImageConfig": {"Command": ["model_code.lambdas.deidentify.handler"]}},
    },
}


@pytest.fixture
def running(tmp_path: Path) -> Deployed:
    return deployed(tmp_path, {"lambda.GetFunction": lambda asked: {"Configuration": CONFIGURATIONS[asked["FunctionName"]]}})


def test_functions_are_found_by_the_handler_of_their_zip_or_of_their_image(running: Deployed) -> None:
    at = scene(running, found(FUNCTION, "zip"), found(FUNCTION, "image"))

    assert (at.function("predict").name, dict(at.function("predict").environment)) == ("zip", {"A": "b"})
    assert at.function("deidentify").name == "image"
    with pytest.raises(AbsentError, match="no function audit"):
        at.function("audit")


def test_a_workflow_is_found_by_its_whole_name(running: Deployed) -> None:
    arn = "arn:aws:states:us-east-1:1:stateMachine:overread-dev-release"
    at = scene(running, found(MACHINE, None), found(MACHINE, f"{arn}-late"), found(MACHINE, arn))

    assert at.workflow("release") == arn
    with pytest.raises(AbsentError, match="no workflow overread-dev-retraining"):
        at.workflow("retraining")


def test_a_wait_ends_with_what_comes(running: Deployed) -> None:
    looks = iter([None, None, "film"])

    assert scene(running).wait("the film", lambda: next(looks), 5) == "film"


@pytest.mark.parametrize(
    ("event", "facts", "trouble"),
    [
        ("invoked", {"failed": True, "handler": "h", "answer": "KeyError"}, "; h answered KeyError"),
        ("delivered", {"problem": "no permission", "rule": "Films"}, "; the event of Films was refused: no permission"),
        ("invoked", {"failed": False, "handler": "h", "answer": ""}, ""),
    ],
)
def test_a_wait_in_vain_says_what_stood_in_the_way(running: Deployed, event: str, facts: Json, trouble: str) -> None:
    running.record.write(event, **facts)

    with pytest.raises(ExerciseError) as raised:
        scene(running).wait("the film", lambda: None, 0.0)

    assert str(raised.value) == f"the film did not come within 0 s{trouble}"


def test_an_execution_is_read_once_it_has_ended(running: Deployed) -> None:
    arn = "arn:aws:states:us-east-1:1:execution:release:one"
    shown = {"executionArn": arn, "stateMachineArn": "m", "startDate": 0, "error": "E", "cause": "because"}
    statuses = iter(["RUNNING", "FAILED"])
    entered = {"timestamp": 0, "type": "TaskStateEntered", "id": 1, "stateEnteredEventDetails": {"name": "Ask"}}
    running.aws.replies |= {
        "stepfunctions.DescribeExecution": lambda _: {**shown, "status": next(statuses)},
        "stepfunctions.GetExecutionHistory": {"events": [{"timestamp": 0, "type": "ExecutionStarted", "id": 0}, entered]},
    }

    run = ended(scene(running), arn)

    assert (run.status, run.cause, run.path) == ("FAILED", "E because", ["Ask"])
