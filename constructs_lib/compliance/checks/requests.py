"""Requests to SageMaker wherever they stand: as a resource, as a pipeline's step, as a state machine's task."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from constructs_lib.compliance.checks.synthesized import Json, Resource, many, text

STEPS: Final = {"Training": "TrainingJob", "Processing": "ProcessingJob", "Transform": "TransformJob", "Model": "Model"}
SOURCES: Final = ("AWS::SageMaker::Pipeline", "AWS::StepFunctions::StateMachine", "AWS::SageMaker::ProcessingJob")
"""Types of resources that may hold requests for jobs."""


@dataclass(frozen=True)
class Request:
    """What is asked of SageMaker. ``kind`` is what would be created: ``TrainingJob``, ``ProcessingJob``, ``Model``…"""

    where: str
    kind: str
    arguments: Json


def requests(resource: Resource) -> list[Request]:
    """The requests that a resource makes, or will make when it runs."""
    if resource.type == "AWS::SageMaker::Pipeline":
        return list(_of_pipeline(document(resource.get("PipelineDefinition", "PipelineDefinitionBody"))))
    if resource.type == "AWS::StepFunctions::StateMachine":
        return list(_of_states(document(resource.get("DefinitionString") or resource.get("Definition"))))
    if resource.type == "AWS::SageMaker::ProcessingJob":
        return [Request(resource.logical_id, "ProcessingJob", resource.properties)]
    return []


def document(value: Any) -> Json:
    """A JSON document with references in it; each reference becomes text. Empty where it is not to be had."""
    if isinstance(value, Mapping) and not any(key.startswith("Fn::") or key == "Ref" for key in value):
        return value
    try:
        parsed = json.loads(text(value)) if value else {}
    except ValueError:
        return {}
    return parsed if isinstance(parsed, Mapping) else {}


def _of_pipeline(definition: Json) -> Iterator[Request]:
    defaults = {parameter["Name"]: parameter.get("DefaultValue") for parameter in definition.get("Parameters", [])}
    for step in _steps(definition.get("Steps", [])):
        kind = STEPS.get(step.get("Type", ""))
        if kind:
            yield Request(f"step {step.get('Name')}", kind, _filled_in(step.get("Arguments", {}), defaults))


def _steps(steps: list[Json]) -> Iterator[Json]:
    """Steps, and those within the branches of conditions."""
    for step in steps:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from _steps(step.get("Arguments", {}).get(branch, []))


def _filled_in(value: Any, defaults: Mapping[str, Any]) -> Any:
    """Parameters replaced by their default values, which is what a run that names none gets."""
    if isinstance(value, Mapping):
        if str(value.get("Get", "")).startswith("Parameters."):
            return defaults.get(value["Get"].partition(".")[2])
        return {key: _filled_in(inner, defaults) for key, inner in value.items()}
    return [_filled_in(inner, defaults) for inner in value] if isinstance(value, list) else value


def _of_states(machine: Json) -> Iterator[Request]:
    for name, state in machine.get("States", {}).items():
        service, _, action = str(state.get("Resource", "")).rpartition(":sagemaker:")
        if service and action[:6].lower() == "create":
            kind = action.partition(".")[0][len("create") :]
            yield Request(f"state {name}", kind, _plain(state.get("Parameters") or state.get("Arguments") or {}))
        for branch in many(state.get("Branches")):
            yield from _of_states(branch)
        for inner in ("ItemProcessor", "Iterator"):
            yield from _of_states(state.get(inner, {}))


def _plain(value: Any) -> Any:
    """``Name.$`` is ``Name``, its value taken from the state's input."""
    if isinstance(value, Mapping):
        return {key.removesuffix(".$"): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
