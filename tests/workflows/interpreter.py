"""State machines run by a real interpreter (moto's), in this process; every call they make is answered by a script.

Requests and scripted answers are held against botocore's models; a call that no script expects fails the test. Waits take
no time, and errors carry the names that Step Functions gives them.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from botocore.exceptions import ClientError

from tests.requests import check, check_answer, service_model

Json = dict[str, Any]
Reply = Json | list[Any] | Exception | Callable[[Json], Json]

ACCOUNT, REGION = "123456789012", "us-east-1"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:workflow"
ME = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:workflow:me"
PATIENCE_S = 10

TASKS = "moto.stepfunctions.parser.asl.component.state.exec.state_task"
CLIENTS = (
    f"{TASKS}.service.state_task_service_aws_sdk.boto_client_for",
    f"{TASKS}.service.state_task_service_sns.boto_client_for",
    f"{TASKS}.lambda_eval_utils.boto_client_for",
)
SLEEPS = "moto.stepfunctions.parser.asl.component.common.retry.retrier_decl.time"
ERROR_NAMES = f"{TASKS}.service.state_task_service_aws_sdk._SERVICE_ERROR_NAMES"
SERVICE_NAMES = {
    "budgets": "Budgets",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "sagemaker": "SageMaker",
    "sfn": "Sfn",
    "ssm": "Ssm",
}
"""What Step Functions puts before the names of errors; moto writes some of them in small letters."""


class Refused(Exception):
    """A reply: the service refuses with this code and text."""

    def __init__(self, code: str, message: str = "planted") -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass
class Services:
    """Replies by ``service.Operation``: one for every call, or a list for one call after the other."""

    replies: dict[str, Reply]
    calls: list[tuple[str, Json]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What a test must not overlook, though a workflow may catch it as an error like any other."""

    def of(self, name: str) -> list[Json]:
        """The requests of one operation."""
        return [request for called, request in self.calls if called == name]

    def client(self, service: str) -> Any:
        operations = {xform_name(operation): operation for operation in service_model(service).operation_names}
        return SimpleNamespace(
            **{snake: lambda _name=name, **request: self._answer(service, _name, request) for snake, name in operations.items()}
        )

    def _answer(self, service: str, operation: str, request: Json) -> Json:
        name = f"{service}.{operation}"
        request = _recased(request, service, _small) if service == "stepfunctions" else request
        self.calls.append((name, request))
        try:
            check(service, operation, request)
            answer = self._reply(name, request)
            check_answer(service, operation, answer)
        except Refused as refused:
            raise _client_error(service, operation, refused) from None
        except Exception as fault:
            self.faults.append(f"{name}: {fault}")
            raise
        if "Payload" in answer:
            return {**answer, "Payload": io.BytesIO(answer["Payload"])}
        return dict(_as_text(_recased(answer, service, _great)))

    def _reply(self, name: str, request: Json) -> Json:
        if name not in self.replies:
            raise LookupError("nobody expected this call")
        reply = self.replies[name]
        if isinstance(reply, list):
            if not reply:
                raise LookupError("called more often than expected")
            reply = reply.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return dict(reply(request) if callable(reply) else reply)


@dataclass(frozen=True)
class Run:
    """One execution that ended."""

    status: str
    error: str | None
    cause: str | None
    output: Json
    path: list[str]
    """The states that were entered, in order."""
    services: Services

    def said(self) -> list[tuple[str, str]]:
        """Subject and text of every notice."""
        return [(notice["Subject"], notice["Message"]) for notice in self.services.of("sns.Publish")]


@contextmanager
def interpreter() -> Iterator[Callable[[Json, Json, dict[str, Reply]], Run]]:
    """Gives ``run(definition, input, replies)``."""
    import boto3
    from moto import mock_aws

    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        states = boto3.client("stepfunctions", region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none")
        yield lambda definition, input, replies: _run(states, definition, input, Services(replies))


def _run(states: Any, definition: Json, input: Json, services: Services) -> Run:
    role = f"arn:aws:iam::{ACCOUNT}:role/workflow"
    machine = states.create_state_machine(name="workflow", definition=json.dumps(without_waits(definition)), roleArn=role)
    try:
        with ExitStack() as stack:
            for place in CLIENTS:
                stack.enter_context(patch(place, lambda service, **_: services.client(service)))
            stack.enter_context(patch(SLEEPS, SimpleNamespace(sleep=lambda _: None)))
            stack.enter_context(patch.dict(ERROR_NAMES, SERVICE_NAMES))
            states.start_execution(stateMachineArn=machine["stateMachineArn"], name="me", input=json.dumps(input))
            ended = _ended(states)
        history = states.get_execution_history(executionArn=ME, maxResults=1000)["events"]
    finally:
        states.delete_state_machine(stateMachineArn=machine["stateMachineArn"])
    assert not services.faults, services.faults
    return Run(
        status=ended["status"],
        error=ended.get("error"),
        cause=ended.get("cause"),
        output=json.loads(ended.get("output") or "{}"),
        path=[event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event],
        services=services,
    )


def _ended(states: Any) -> Json:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        execution = dict(states.describe_execution(executionArn=ME))
        if execution["status"] != "RUNNING":
            return execution
        time.sleep(0.005)
    raise TimeoutError(f"the execution still runs after {PATIENCE_S} s: it waits, or goes in circles")


def without_waits(definition: Json) -> Json:
    """The same, except that waiting takes no time."""
    states = {name: {**state, "Seconds": 0} if state["Type"] == "Wait" else state for name, state in definition["States"].items()}
    return {**definition, "States": states}


def _client_error(service: str, operation: str, refused: Refused) -> ClientError:
    """As the service's client raises it: an error that the model names has a type of its own."""
    named = {getattr(shape, "error_code", None) or shape.name: shape.name for shape in service_model(service).error_shapes}
    kind = type(named[refused.code], (ClientError,), {}) if refused.code in named else ClientError
    response = {
        "Error": {"Code": refused.code, "Message": refused.message},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "planted"},
    }
    error = kind(response, operation)
    assert isinstance(error, ClientError)
    return error


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _great(name: str) -> str:
    return name[:1].upper() + name[1:]


def _recased(value: Any, service: str, case: Callable[[str], str]) -> Any:
    """Step Functions writes every field with a great letter, whatever the service does."""
    if service != "stepfunctions":
        return value
    if isinstance(value, Mapping):
        return {case(key): _recased(inner, service, case) for key, inner in value.items()}
    return [_recased(inner, service, case) for inner in value] if isinstance(value, list) else value


def _as_text(value: Any) -> Any:
    """Times as Step Functions hands them on."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Mapping):
        return {key: _as_text(inner) for key, inner in value.items()}
    return [_as_text(inner) for inner in value] if isinstance(value, list) else value
