"""What an environment's stacks say of themselves: their outputs, and the definition of the pipeline that they deployed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from model_code.cloud.aws import Aws
from model_code.errors import OverreadError, UsageError, unknown
from model_code.pipeline.definition import Step, every_step, parameters_of
from model_code.pipeline.literal import Json


@dataclass(frozen=True)
class Pipeline:
    """A deployed pipeline: role, network, keys, images, buckets and machines of every step, as they are in the account."""

    name: str
    definition: Json

    def step(self, name: str) -> Step:
        """The step of that name.

        Raises:
            UsageError: there is none.
        """
        steps = {step.name: step for step in every_step(self.definition["Steps"])}
        if name not in steps:
            raise unknown("step", name, [step.name for step in steps.values() if step.type in ("Processing", "Training")])
        return steps[name]

    def parameters(self, given: dict[str, str]) -> Json:
        """Values of the pipeline's parameters; raises UsageError for a wrong one."""
        return parameters_of(self.definition, given)


def outputs(aws: Aws, environment: str, stack: str) -> dict[str, str]:
    """Outputs of one of the environment's stacks.

    Raises:
        UsageError: it is not deployed in this account and region.
        OverreadError: CloudFormation cannot be asked.
    """
    name = f"overread-{environment}-{stack}"
    try:
        found: Any = aws.call("cloudformation", "describe_stacks", StackName=name)["Stacks"][0]
    except OverreadError as error:
        if aws.is_missing(error):
            raise UsageError(
                f"the stack '{name}' is not in this account and region; set AWS_PROFILE and AWS_REGION, or deploy it first"
            ) from error
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}


def pipeline(aws: Aws, environment: str, output: str = "PipelineName") -> Pipeline:
    """The environment's training pipeline, or the one that another output of the training stack names.

    Raises:
        UsageError: the environment is not deployed, or has no such pipeline.
    """
    told = outputs(aws, environment, "training")
    if output not in told:
        raise UsageError(f"the stack 'overread-{environment}-training' has no output {output}; deploy its newest version")
    found = aws.call("sagemaker", "describe_pipeline", PipelineName=told[output])
    return Pipeline(told[output], json.loads(found["PipelineDefinition"]))
