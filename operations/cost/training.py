"""What one training run costs: the instances that the pipeline's own definition names, times the hours assumed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model_code.pipeline.literal import Literal
from operations.assembly import Json, SynthesizedStack
from operations.cost.prices import Prices
from operations.cost.usage import OTHER_STEP_HOURS, STEP_HOURS


@dataclass(frozen=True)
class RunCost:
    """USD for one run of the pipeline."""

    instance: str
    """Of the training step."""
    hours: float
    on_demand: float
    spot: float


def run_cost(stacks: Sequence[SynthesizedStack], prices: Prices) -> RunCost | None:
    """What a run of the first pipeline costs; None where there is no pipeline."""
    literal = Literal(stacks)
    for stack in stacks:
        for resource in stack.resources.values():
            if resource["Type"] == "AWS::SageMaker::Pipeline":
                body = literal.of(stack, resource["Properties"]["PipelineDefinition"]["PipelineDefinitionBody"])
                return _cost(json.loads(body), prices)
    return None


def _cost(definition: Json, prices: Prices) -> RunCost:
    defaults = {f"Parameters.{each['Name']}": each.get("DefaultValue") for each in definition.get("Parameters", [])}
    on_demand = spot = trained = 0.0
    trainer = ""
    for step in _steps(definition["Steps"]):
        arguments = step.get("Arguments", {})
        cluster = arguments.get("ResourceConfig") or arguments.get("ProcessingResources", {}).get("ClusterConfig")
        if not cluster:
            continue
        instance = _value(cluster["InstanceType"], defaults)
        count = float(_value(cluster.get("InstanceCount", 1), defaults))
        hours = STEP_HOURS.get(str(step["Name"]), OTHER_STEP_HOURS)
        usd = hours * count * prices[f"instance_hour_{instance}"]
        saved = bool(arguments.get("EnableManagedSpotTraining"))
        on_demand, spot = on_demand + usd, spot + usd * (prices["spot_share"] if saved else 1.0)
        if step["Type"] == "Training" and not trainer:
            trainer, trained = str(instance), hours
    return RunCost(trainer, trained, on_demand, spot)


def _steps(steps: Sequence[Json]) -> Iterator[Json]:
    """Every step, also those behind a condition."""
    for step in steps:
        yield step
        arguments = step.get("Arguments", {})
        for branch in ("IfSteps", "ElseSteps"):
            yield from _steps(arguments.get(branch, []))


def _value(value: Any, defaults: dict[str, Any]) -> Any:
    return defaults[value["Get"]] if isinstance(value, dict) else value
