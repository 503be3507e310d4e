"""What synthesis wrote, read back: the stacks of an environment as CloudFormation will get them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aws_cdk import App, Stack

from app import FLAGS, build_app
from constructs_lib.delivery.settings import Delivery
from constructs_lib.errors import ConfigurationError
from stacks.cicd_stack import CicdStack
from stacks.environments import ENVIRONMENTS, Environment
from stacks.platform_stage import PlatformStage

Json = dict[str, Any]
DELIVERY: Final = "delivery"
"""Stands for an environment's name where the pipeline is meant that delivers them."""
EXAMPLE: Final = Delivery(
    connection_arn="arn:aws:codeconnections:us-east-1:111122223333:connection/01234567-89ab-cdef-0123-456789abcdef",
    repository="hospital/overread",
)
STACK, NESTED = "aws:cloudformation:stack", "cdk:cloud-assembly"


@dataclass(frozen=True)
class SynthesizedStack:
    """One stack of an assembly."""

    environment: str
    name: str
    artifact: str
    """Its id in the assembly; ``depends_on`` names others by theirs."""
    file: Path
    template: Json
    paths: Mapping[str, str]
    """Construct path below the stage by logical id, so that the same resource is named alike in every environment."""
    depends_on: tuple[str, ...]
    protected: bool
    """Whether CloudFormation refuses to delete it."""
    region: str

    @property
    def resources(self) -> dict[str, Json]:
        """By logical id."""
        found: dict[str, Json] = self.template.get("Resources", {})
        return found

    def path(self, logical_id: str) -> str:
        """The construct path of a resource below the stage, or its logical id where the assembly names none."""
        return self.paths.get(logical_id, f"{self.short_name}/{logical_id}")

    @property
    def short_name(self) -> str:
        """The name without its environment's."""
        return self.name.removeprefix(f"overread-{self.environment}-")


def synthesize(environment: Environment, outdir: Path) -> tuple[App, list[SynthesizedStack]]:
    """Builds the application with one environment and reads what it wrote; findings of its checks do not stop it.

    Raises:
        RuntimeError: synthesis failed for another reason than findings.
    """
    app = build_app(environment, outdir=str(outdir))
    _write(app)
    return app, list(read(outdir, environment.name))


def synthesize_delivery(outdir: Path) -> tuple[Stack, list[SynthesizedStack]]:
    """Builds the delivery pipeline, with an example's connection, for all environments; reads its own stack alone."""
    app = App(analytics_reporting=False, outdir=str(outdir), context=json.loads(FLAGS.read_text(encoding="utf-8"))["context"])
    stages = [PlatformStage(app, environment=environment) for environment in ENVIRONMENTS.values()]
    stack = CicdStack(app, delivery=EXAMPLE, stages=stages)
    _write(app)
    return stack, [found for found in read(outdir, DELIVERY) if found.name == stack.stack_name]


def read(directory: Path, environment: str) -> Iterator[SynthesizedStack]:
    """The stacks of an assembly and of those nested in it, each after those that it depends on."""
    manifest = directory / "manifest.json"
    if not manifest.is_file():
        raise ConfigurationError(f"'{directory}' holds no manifest.json; give the folder that `cdk synth --output` wrote")
    for artifact, entry in json.loads(manifest.read_text(encoding="utf-8"))["artifacts"].items():
        if entry["type"] == NESTED:
            yield from read(directory / entry["properties"]["directoryName"], environment)
        elif entry["type"] == STACK:
            yield _stack(directory, artifact, entry, environment)


def _write(app: App) -> None:
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise


def below_stage(path: str) -> str:
    """A construct path without the environment's stage: ``overread-dev/data/Intake`` becomes ``data/Intake``."""
    parts = path.strip("/").split("/")
    return "/".join(parts[1:] if parts[0].removeprefix("overread-") in ENVIRONMENTS else parts)


def _stack(directory: Path, artifact: str, entry: Json, environment: str) -> SynthesizedStack:
    properties = entry["properties"]
    file = directory / properties["templateFile"]
    return SynthesizedStack(
        environment=environment,
        name=properties.get("stackName", artifact),
        artifact=artifact,
        file=file,
        template=json.loads(file.read_text(encoding="utf-8")),
        paths=_paths(directory, entry),
        depends_on=tuple(entry.get("dependencies", ())),
        protected=bool(properties.get("terminationProtection", False)),
        region=entry["environment"].rsplit("/", 1)[-1],
    )


def _paths(directory: Path, entry: Json) -> dict[str, str]:
    extra = entry.get("additionalMetadataFile")
    metadata = json.loads((directory / extra).read_text(encoding="utf-8")) if extra else entry.get("metadata", {})
    return {
        record["data"]: below_stage(path)
        for path, records in metadata.items()
        for record in records
        if record["type"] == "aws:cdk:logicalId"
    }
