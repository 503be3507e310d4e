"""The emulator's interpreter of workflows, made fit for ours: requests are checked, jobs are waited for, errors are called as
Step Functions calls them, and waits are short."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_unsupported,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.utils import boto_client

from operations.rehearse.emulator.models import Clients

LONGEST_WAIT_SECONDS: Final = 0.1
SERVICE_NAMES: Final = {
    "budgets": "Budgets",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "sagemaker": "SageMaker",
    "ssm": "Ssm",
}
"""What Step Functions puts before the names of errors; the emulator writes them in small letters."""

ENDED: Final = ("Completed", "Failed", "Stopped")


def mend(clients: Clients) -> None:
    """Extends the interpreter."""
    WaitFunction._wait_interval = _wait  # type: ignore[assignment,method-assign]
    retrier_decl.time = SimpleNamespace(sleep=lambda _: time.sleep(LONGEST_WAIT_SECONDS))  # type: ignore[assignment,attr-defined]
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES.update(SERVICE_NAMES)
    # the interpreter's clients check nothing by themselves
    strict = functools.partial(_config, boto_client.Config)  # type: ignore[attr-defined]
    boto_client.Config = strict  # type: ignore[attr-defined]
    aws_sdk = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    aws_sdk._eval_service_task = functools.partialmethod(_asked, aws_sdk._eval_service_task)  # type: ignore[assignment]
    state_task_service_unsupported._SUPPORTED_INTEGRATION_PATTERNS.add(ResourceCondition.Sync)  # type: ignore[arg-type]
    jobs = state_task_service_unsupported.StateTaskServiceUnsupported
    jobs._build_sync_resolver = functools.partialmethod(_job_ended, clients)  # type: ignore[assignment,method-assign]


def _wait(_self: WaitFunction, env: Any, wait_seconds: int) -> None:
    env.program_state_event.wait(min(wait_seconds, LONGEST_WAIT_SECONDS))


def _config(make: Callable[..., Any], **settings: Any) -> Any:
    return make(**{**settings, "parameter_validation": True})


def _asked(self: Any, ask: Callable[..., None], env: Any, normalised_parameters: Any, **more: Any) -> None:
    """Step Functions writes every field with a great letter, and times as text, whatever the service does."""
    its_own = self._get_boto_service_name() == "stepfunctions"
    ask(
        self,
        env=env,
        normalised_parameters=recased(normalised_parameters, str.lower) if its_own else normalised_parameters,
        **more,
    )
    answer = _as_text(env.stack.pop())
    env.stack.append(recased(answer, str.upper) if its_own else answer)


def recased(value: Any, case: Callable[[str], str]) -> Any:
    """All keys with their first letter in that case."""
    if isinstance(value, dict):
        return {case(key[:1]) + key[1:]: recased(inner, case) for key, inner in value.items()}
    return [recased(inner, case) for inner in value] if isinstance(value, list) else value


def _job_ended(self: Any, clients: Clients, env: Any, normalised_parameters: Any, **_: Any) -> Callable[[], Any]:
    """What ``createProcessingJob.sync`` and its like wait for: the job's description once it has ended."""
    env.stack.pop()
    kind = self.resource.api_action.removeprefix("create")  # ProcessingJob
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).strip("_")
    describe = getattr(clients("sagemaker"), f"describe_{snake}")
    name = normalised_parameters[f"{kind}Name"]

    def ended() -> Any:
        answer = dict(describe(**{f"{kind}Name": name}))
        answer.pop("ResponseMetadata", None)
        if answer[f"{kind}Status"] not in ENDED:
            return None
        if answer[f"{kind}Status"] != "Completed":
            raise RuntimeError(f"{kind} {name} is {answer[f'{kind}Status']}")
        return _as_text(answer)

    return ended


def _as_text(value: Any) -> Any:
    """Times as Step Functions hands them on."""
    if isinstance(value, dict):
        return {key: _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
