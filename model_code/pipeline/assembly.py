"""What ``make synth`` left: an environment's templates, the pipelines' definitions in them, and the code that they name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_code.errors import UsageError
from model_code.pipeline.literal import ACCOUNT, Json, Literal

PIPELINE: Final = "AWS::SageMaker::Pipeline"


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly."""

    name: str
    region: str
    template: Json

    @property
    def resources(self) -> Mapping[str, Json]:
        """By logical id."""
        found: Mapping[str, Json] = self.template.get("Resources", {})
        return found


@dataclass(frozen=True)
class Assembly:
    """One environment as it was synthesized."""

    environment: str
    folder: Path
    pipelines: Mapping[str, Json]
    """Definitions by the pipeline's name, with what only deployment knows put in as examples of the right form."""
    assets: Mapping[str, Path]
    """The folder (deployed as a zip) or file behind each asset, by its S3 address."""

    def pipeline(self, kind: str = "training") -> tuple[str, Json]:
        """Name and definition of the pipeline whose name ends so.

        Raises:
            UsageError: the environment has none, or several.
        """
        found = [name for name in self.pipelines if name.endswith(f"-{kind}")]
        if len(found) != 1:
            raise UsageError(
                f"the environment '{self.environment}' has {len(found)} pipelines '…-{kind}'; it has: {', '.join(self.pipelines)}"
            )
        return found[0], self.pipelines[found[0]]


def read_assembly(directory: Path, environment: str) -> Assembly:
    """The assembly of an environment below the folder that synthesis wrote (``cdk.out``).

    Raises:
        UsageError: it is not there; the message says which command makes it.
    """
    folder = directory / f"assembly-overread-{environment}"
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise UsageError(f"no templates of '{environment}' in '{directory}'; make them first: make synth ENV={environment}")
    artifacts = json.loads(manifest.read_text(encoding="utf-8"))["artifacts"]
    stacks = list(_stacks(folder, artifacts))
    literal = Literal(stacks)
    pipelines = {}
    for stack in stacks:
        for resource in stack.resources.values():
            if resource["Type"] == PIPELINE:
                properties = literal.of(stack, resource["Properties"])
                body = properties["PipelineDefinition"]["PipelineDefinitionBody"]
                pipelines[properties["PipelineName"]] = json.loads(body)
    return Assembly(environment, folder, pipelines, dict(_assets(folder, artifacts)))


def _stacks(folder: Path, artifacts: Json) -> Iterator[Stack]:
    for name, entry in artifacts.items():
        if entry["type"] == "aws:cloudformation:stack":
            template = json.loads((folder / entry["properties"]["templateFile"]).read_text(encoding="utf-8"))
            yield Stack(entry["properties"].get("stackName", name), entry["environment"].rsplit("/", 1)[-1], template)


def _assets(folder: Path, artifacts: Json) -> Iterator[tuple[str, Path]]:
    for entry in artifacts.values():
        if entry["type"] == "cdk:asset-manifest":
            files = json.loads((folder / entry["properties"]["file"]).read_text(encoding="utf-8"))["files"]
            for asset in files.values():
                for place in asset["destinations"].values():
                    address = f"s3://{place['bucketName']}/{place['objectKey']}".replace("${AWS::AccountId}", ACCOUNT)
                    yield address, (folder / asset["source"]["path"]).resolve()
