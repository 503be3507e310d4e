"""What the tests of the delivery pipeline share: the stack with three small stages instead of the whole platform."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from aws_cdk import App, Environment, Stack, Stage
from aws_cdk import aws_ssm as ssm

from constructs_lib.code_asset import CodeAsset
from constructs_lib.container_images import ServingImage
from constructs_lib.delivery.settings import Delivery
from stacks.cicd_stack import NAME, CicdStack
from tests.cli import REPOSITORY
from tests.infra import REGION, Json, of_type

STAGES = ("overread-dev", "overread-staging", "overread-prod")
DELIVERY = Delivery(
    connection_arn=f"arn:aws:codeconnections:{REGION}:111122223333:connection/01234567-89ab-cdef-0123-456789abcdef",
    repository="hospital/overread",
)


def small_stage(app: App, name: str, region: str = REGION) -> Stage:
    """A stage with one stack, which has what the pipeline must publish: a file and an image."""
    stage = Stage(app, name, env=Environment(region=region))
    stack = Stack(stage, "api", termination_protection=name.endswith("prod"))
    names = (CodeAsset(stack, "Code").uri, ServingImage(stack, "Serving").uri)
    ssm.StringListParameter(stack, "Parameter", string_list_value=list(names))
    return stage


@dataclass(frozen=True)
class Delivered:
    """The delivery stack, synthesized."""

    app: App
    stack: CicdStack
    template: Json

    @property
    def stages(self) -> dict[str, list[Json]]:
        """Actions of the pipeline's stages, in order."""
        (pipeline,) = of_type(self.template, "AWS::CodePipeline::Pipeline")
        return {stage["Name"]: stage["Actions"] for stage in pipeline["Stages"]}

    @property
    def projects(self) -> dict[str, Json]:
        """Build projects by the step that they do."""
        found = of_type(self.template, "AWS::CodeBuild::Project")
        return {project["Description"].partition(f"{NAME}/Pipeline/")[2]: project for project in found}


@cache
def delivered() -> Delivered:
    """Once a session."""
    return deliver(Path(mkdtemp()))


def deliver(outdir: Path) -> Delivered:
    """With the flags of ``cdk.json``, which decide what CDK Pipelines grants."""
    flags: dict[str, Any] = json.loads((REPOSITORY / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = App(analytics_reporting=False, outdir=str(outdir), context=flags, builtin_cloud_formation_validation=False)
    stack = CicdStack(app, delivery=DELIVERY, stages=[small_stage(app, name) for name in STAGES])
    return Delivered(app, stack, dict(app.synth().get_stack_by_name(stack.stack_name).template))
