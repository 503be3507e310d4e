"""A pipeline's definition (JSON of version 2020-12-01) as steps that wait for each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_code.errors import OverreadError, UsageError, unknown
from model_code.pipeline.literal import Json

VERSION: Final = "2020-12-01"
RUNNABLE: Final = ("Processing", "Training", "RegisterModel", "Condition", "Fail")
"""Types of steps that one machine can run. The others start services of AWS's, or containers that we have not got."""

_STEP: Final = re.compile(r"Steps\.([A-Za-z0-9-]+)")
_KINDS: Final[dict[str, Callable[[str], Any]]] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": lambda text: {"true": True, "false": False}[text.lower()],
}


@dataclass(frozen=True)
class Step:
    """One step; those inside a condition's branches are in its arguments, and become steps when it is decided."""

    name: str
    type: str
    arguments: Json
    waits_for: frozenset[str]
    """Steps that it names in ``DependsOn``, or whose properties or files it uses."""
    retries: Sequence[Json]
    files: Sequence[Json]
    """Its property files: ``PropertyFileName``, ``OutputName``, ``FilePath``."""


def steps_of(definitions: Sequence[Json]) -> list[Step]:
    """Steps in the order of the definition."""
    return [
        Step(
            name=each["Name"],
            type=each["Type"],
            arguments=each.get("Arguments", {}),
            waits_for=frozenset(each.get("DependsOn", ())) | frozenset(_used(_outer(each))),
            retries=each.get("RetryPolicies", ()),
            files=each.get("PropertyFiles", ()),
        )
        for each in definitions
    ]


def every_step(definitions: Sequence[Json]) -> Iterator[Step]:
    """All steps, those inside conditions after their condition."""
    for step in steps_of(definitions):
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from every_step(step.arguments.get(branch, ()))


def check(definition: Json) -> None:
    """Raises:
    OverreadError: a version, type of step or order that cannot be executed here.
    """
    if definition.get("Version") != VERSION:
        raise OverreadError(f"the definition's version is {definition.get('Version')!r}; this runs {VERSION}")
    every = list(every_step(definition["Steps"]))
    names = [step.name for step in every]
    for step in every:
        if names.count(step.name) > 1:
            raise OverreadError(f"two steps have the name '{step.name}'; names must be unique in a pipeline")
        if step.type not in RUNNABLE:
            raise OverreadError(
                f"the step '{step.name}' is of the type {step.type}, which needs AWS; one machine runs: {', '.join(RUNNABLE)}"
            )
        if missing := step.waits_for - set(names):
            raise OverreadError(f"the step '{step.name}' waits for '{min(missing)}', which the pipeline does not have")
    done: set[str] = set()
    outer = steps_of(definition["Steps"])
    within = {step.name: {step.name, *(inner.name for inner in _inside(step))} for step in outer}
    left = list(outer)
    while left:
        ready = [step for step in left if step.waits_for <= done]
        if not ready:
            raise OverreadError(f"the steps {', '.join(step.name for step in left)} wait for each other; this can never start")
        for step in ready:
            done |= within[step.name]
            left.remove(step)


def parameters_of(definition: Json, given: Mapping[str, str]) -> Json:
    """The values of all parameters: those given, as the kind that the pipeline asks for, and the others' defaults.

    Raises:
        UsageError: an unknown parameter, or a value of the wrong kind or not among those allowed, or one is missing.
    """
    declared = {parameter["Name"]: parameter for parameter in definition.get("Parameters", ())}
    for name in given:
        if name not in declared:
            raise unknown("parameter", name, declared)
    values: Json = {}
    for name, parameter in declared.items():
        if name in given:
            values[name] = _as(parameter, given[name])
        elif "DefaultValue" in parameter:
            values[name] = parameter["DefaultValue"]
        else:
            raise UsageError(f"the parameter {name} has no default; give it: --parameter {name}=VALUE")
    return values


def _as(parameter: Json, text: str) -> Any:
    name, kind = parameter["Name"], parameter["Type"]
    try:
        value = _KINDS[kind](text)
    except (ValueError, KeyError):
        raise UsageError(f"the parameter {name} is '{text}'; allowed: a value of the type {kind}") from None
    allowed = parameter.get("EnumValues")
    if allowed and value not in allowed:
        raise UsageError(f"the parameter {name} is '{text}'; allowed: {', '.join(map(str, allowed))}")
    return value


def _inside(step: Step) -> Iterator[Step]:
    for branch in ("IfSteps", "ElseSteps"):
        yield from every_step(step.arguments.get(branch, ()))


def _outer(step: Json) -> Json:
    """A step without its branches: what is inside waits for itself."""
    inner = {key: value for key, value in step.get("Arguments", {}).items() if key not in ("IfSteps", "ElseSteps")}
    return {"Arguments": inner}


def _used(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "Get" and isinstance(inner, str):
                yield from _STEP.findall(inner)[:1]
            else:
                yield from _used(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _used(inner)
