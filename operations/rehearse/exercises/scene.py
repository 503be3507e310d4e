"""The deployed platform as exercises see it: functions by their handlers, workflows by their names, and how long to wait."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from operations.rehearse.inventory import Inventory
from operations.rehearse.start import Emulator

Json = dict[str, Any]
Found = TypeVar("Found")
PATIENCE_SECONDS: Final = 45.0


class AbsentError(LookupError):
    """What an exercise needs is not in this deployment."""


class ExerciseError(AssertionError):
    """The platform did not do what it is there for."""


@dataclass(frozen=True)
class Function:
    """One function as the emulator has it."""

    name: str
    handler: str
    environment: Mapping[str, str]


@dataclass
class Scene:
    """What was deployed, and clients to use it by."""

    emulator: Emulator
    inventory: Inventory
    stage: str
    """``overread-dev``."""
    notes: Json = field(default_factory=dict)
    """What one exercise leaves for the next."""

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    @cached_property
    def functions(self) -> dict[str, Function]:
        """By the last part of the handler's module: ``predict``."""
        found = {}
        for resource in self.inventory.of("AWS::Lambda::Function"):
            shown = self.client("lambda").get_function(FunctionName=resource.physical_id)["Configuration"]
            image = shown.get("ImageConfigResponse", {}).get("ImageConfig", {}).get("Command", [""])
            handler = shown.get("Handler") or image[0]
            variables = shown.get("Environment", {}).get("Variables", {})
            found[handler.split(".")[-2]] = Function(shown["FunctionName"], handler, variables)
        return found

    def function(self, handler: str) -> Function:
        """Raises:
        AbsentError: there is none with this handler.
        """
        if handler not in self.functions:
            raise AbsentError(f"no function {handler}")
        return self.functions[handler]

    def workflow(self, name: str) -> str:
        """The ARN of ``<stage>-<name>``.

        Raises:
            AbsentError: there is none.
        """
        for resource in self.inventory.of("AWS::StepFunctions::StateMachine"):
            if (resource.physical_id or "").endswith(f":{self.stage}-{name}"):
                return str(resource.physical_id)
        raise AbsentError(f"no workflow {self.stage}-{name}")

    def invoke(self, function: str, event: Json) -> Json:
        """The answer of a function's real code.

        Raises:
            ExerciseError: it raised something.
        """
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        check("FunctionError" not in answer, f"{function} failed: {payload}")
        return dict(payload or {})

    def start_anew(self) -> None:
        """Changes every function's description: the next call of each finds nothing kept from calls before."""
        for function in self.functions.values():
            self.client("lambda").update_function_configuration(FunctionName=function.name, Description=str(uuid.uuid4()))

    def wait(self, what: str, look: Callable[[], Found | None], seconds: float = PATIENCE_SECONDS) -> Found:
        """What ``look`` gives, once it gives something.

        Raises:
            ExerciseError: it gave nothing in that time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = look()
            if found is not None:
                return found
            time.sleep(0.1)
        raise ExerciseError(f"{what} did not come within {seconds:.0f} s{self._last_trouble()}")

    def _last_trouble(self) -> str:
        failed = [line for line in self.emulator.record.read("invoked") if line["failed"]]
        refused = [line for line in self.emulator.record.read("delivered") if line["problem"]]
        if failed:
            return f"; {failed[-1]['handler']} answered {failed[-1]['answer']}"
        return f"; the event of {refused[-1]['rule']} was refused: {refused[-1]['problem']}" if refused else ""


def check(holds: bool, otherwise: str) -> None:
    """Raises:
    ExerciseError: it does not hold.
    """
    if not holds:
        raise ExerciseError(otherwise)
