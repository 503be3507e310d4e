"""The line of a model as a SageMaker pipeline: prepare, train, export, calibrate, evaluate, gate, evidence, register."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.errors import ConfigurationError, require_range
from constructs_lib.naming import named
from constructs_lib.training.job_instance import JobInstance
from constructs_lib.training.job_role import JobRole, Workplace, container_statements
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.training.pipeline_role import PipelineRole
from constructs_lib.training.pipeline_steps import (
    VERSION,
    ProcessingStep,
    RegisterStep,
    TrainingStep,
    Value,
    VerdictStep,
    join,
    parameter,
    value_in,
)
from model_code.contract import AS_PRESET, Architecture, Preset, SageMakerPaths, Task, Verb

ARCHIVE: Final = "model.tar.gz"
TABLE: Final = "manifest.csv"
REPORT: Final = "report"
METRICS_FILE: Final = "metrics.json"
GATE_FILE: Final = "gate.json"
PACK_FILE: Final = "pack.json"
EVIDENCE_FILE: Final = "evidence.html"
PRESET: Final = "Preset"
CHAMPION: Final = "Champion"
"""The parameter with the address of the model that a new one must not be worse than."""
NO_CHAMPION: Final = Path(__file__).parent / "no_champion"
INPUT, OUTPUT = SageMakerPaths.PROCESSING_INPUT, SageMakerPaths.PROCESSING_OUTPUT


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """How an environment trains: defaults that whoever starts a run may change within what the pipeline allows."""

    preset: Preset
    training: JobInstance
    processing: JobInstance
    preparation_machines: int = 1
    minimum_auroc: float = 0.75
    """What the lower bound of the macro AUROC on the test split must reach for a model to be registered."""
    image_digest: str | None = None
    """Of one build of AWS's training image, ``sha256:…``; None takes the newest patched one."""

    def __post_init__(self) -> None:
        require_range("preparation_machines", self.preparation_machines, 1, 20, advice="one prepares some 100,000 films a night")
        if not 0.5 <= self.minimum_auroc < 1:
            raise ConfigurationError(
                f"minimum_auroc is {self.minimum_auroc}; allowed: 0.5 (chance) to below 1; 0.75 keeps failed runs out"
            )

    def parameters(self, films: str, no_champion: str) -> list[dict[str, Any]]:
        """The pipeline's parameters. Those that end as a container's arguments are text."""
        return [
            {"Name": "Films", "Type": "String", "DefaultValue": films},
            _choice(PRESET, self.preset.value, Preset),
            _choice("Architecture", AS_PRESET, (AS_PRESET, *Architecture)),
            {"Name": "Epochs", "Type": "String", "DefaultValue": AS_PRESET},
            {"Name": "ImageSize", "Type": "String", "DefaultValue": AS_PRESET},
            _choice("TrainingInstanceType", self.training.type_name, self.training.exchangeable),
            {"Name": "PreparationMachines", "Type": "Integer", "DefaultValue": self.preparation_machines},
            {"Name": "MinimumAuroc", "Type": "String", "DefaultValue": str(self.minimum_auroc)},
            {"Name": CHAMPION, "Type": "String", "DefaultValue": no_champion},
        ]


def _choice(name: str, default: str, allowed: Iterable[str]) -> dict[str, Any]:
    return {"Name": name, "Type": "String", "DefaultValue": default, "EnumValues": [str(value) for value in allowed]}


class TrainingPipeline(Construct):
    """A pipeline for the registry's task: films below ``<task>/`` in ``films`` become a model package that waits for approval.

    Another task's ``Preset``, with ``Films`` below that task's name, goes down the same line; its model is registered in its own
    task's group, so that no approval brings it to this task's endpoint. ``Architecture``, ``Epochs`` and ``ImageSize`` are the
    preset's where they are not given.

    The prepared data set goes to ``shards``, everything else that a run makes to ``artifacts``, both below
    ``<task>/runs/<execution>/<step>/``. The parameter ``Champion`` is the address of the ``model.tar.gz`` that a new model
    must not be worse than; unless it is given, the gate takes the model for the first (an asset says so: SageMaker has no empty
    input).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: TrainingPlan,
        workplace: Workplace,
        films: PhiBucket,
        shards: PhiBucket,
        artifacts: PhiBucket,
        registry: ModelRegistry,
    ) -> None:
        super().__init__(scope, construct_id)
        task = registry.task.value
        self._plan, self.registry = plan, registry
        self._artifacts, self._shards = (f"s3://{store.bucket.bucket_name}/{task}/runs" for store in (artifacts, shards))
        self.name = registry.training_name
        self.jobs = JobRole(self, "Jobs", workplace=workplace, key=artifacts.key)
        self.jobs.policy.add_statements(*container_statements(self, ("TransformJobs",)))  # those that people submit
        for prefix in Task:
            films.grant_read(self.jobs.policy, prefix.value)
        shards.grant_read_write(self.jobs.policy, task)
        artifacts.grant_read_write(self.jobs.policy, task)
        self.starter = PipelineRole(
            self, "Starter", jobs=self.jobs.role, kinds=("Processing", "Training"), statements=[self._may_register()]
        )
        # SageMaker looks with this role at the figures that the gate asks for, and at the image and model that it registers
        artifacts.grant_read(self.starter.policy, f"{task}/runs")
        registry.image.grant_inspect(self.starter.policy)
        first = assets.Asset(self, "NoChampion", path=str(NO_CHAMPION))
        first.bucket.grant_read(self.jobs.policy, first.s3_object_key)
        self._no_champion = first.s3_object_url
        self.definition = self._definition(f"s3://{films.bucket.bucket_name}/{task}")
        self.pipeline = sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=self.name,
            role_arn=self.starter.role.role_arn,
            pipeline_definition={"PipelineDefinitionBody": Stack.of(self).to_json_string(self.definition)},
        )
        self.pipeline.node.add_dependency(self.starter, self.jobs)

    def _may_register(self) -> iam.PolicyStatement:
        """Into the tasks' groups, and into no other."""
        stack, groups = Stack.of(self), self.registry.groups
        names = [("model-package-group", name) for name in groups] + [("model-package", f"{name}/*") for name in groups]
        return iam.PolicyStatement(
            actions=["sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage", "sagemaker:AddTags"],
            resources=[stack.format_arn(service="sagemaker", resource=kind, resource_name=name) for kind, name in names],
        )

    def _definition(self, films: str) -> dict[str, Any]:
        trained: Value = {"Get": f"Steps.{Verb.TRAIN.value}.ModelArtifacts.S3ModelArtifacts"}
        register = RegisterStep(
            group=join("-", named(self), value_in(Verb.EVIDENCE, REPORT, "task")),
            serving_image=self.registry.image.uri,
            model=self._bundle_of(Verb.EVALUATE),
            metrics=self._made_by(Verb.EVALUATE, REPORT, METRICS_FILE),
            evidence=self._made_by(Verb.EVIDENCE, REPORT, EVIDENCE_FILE),
            evidence_sha256=value_in(Verb.EVIDENCE, REPORT, "sha256"),
        )
        verdict = VerdictStep(
            verdict=value_in(Verb.GATE, REPORT, "verdict"),
            report=self._made_by(Verb.GATE, REPORT, GATE_FILE),
            passed=register.render(),
        )
        steps = [
            self._prepare().render(self.jobs),
            self._train().render(self.jobs),
            self._finish(Verb.EXPORT, trained).render(self.jobs),
            self._finish(Verb.CALIBRATE, self._bundle_of(Verb.EXPORT)).render(self.jobs),
            self._finish(Verb.EVALUATE, self._bundle_of(Verb.CALIBRATE), report=REPORT).render(self.jobs),
            self._gate().render(self.jobs),
            self._evidence().render(self.jobs),
            verdict.render(),
        ]
        for before, step in pairwise(steps):
            step["DependsOn"] = [before["Name"]]
        return {"Version": VERSION, "Parameters": self._plan.parameters(films, self._no_champion), "Steps": steps}

    def _prepare(self) -> ProcessingStep:
        return ProcessingStep(
            verb=Verb.PREPARE,
            arguments=[
                *("--source", "folder", "--root", str(INPUT / "films")),
                *("--table", str(INPUT / "table" / TABLE), "--out", str(OUTPUT / "data")),
                *("--preset", parameter(PRESET), "--image-size", parameter("ImageSize")),
            ],
            inputs={"films": parameter("Films"), "table": join("/", parameter("Films"), TABLE)},
            outputs={"data": self._data},
            instance=self._plan.processing,
            machines=parameter("PreparationMachines"),
            sharded=["films"],
        )

    def _train(self) -> TrainingStep:
        return TrainingStep(
            arguments=[
                *("--preset", parameter(PRESET), "--arch", parameter("Architecture")),
                *("--epochs", parameter("Epochs"), "--image-size", parameter("ImageSize")),
                *("--data", str(SageMakerPaths.INPUT_DATA / "data"), "--out", str(SageMakerPaths.MODEL)),
                *("--checkpoints", str(SageMakerPaths.CHECKPOINTS)),
            ],
            data=self._data,
            output=self._made_by(Verb.TRAIN, "model"),
            checkpoints=self._made_by(Verb.TRAIN, "checkpoints"),
            instance=self._plan.training,
            type_name=parameter("TrainingInstanceType"),
        )

    def _finish(self, verb: Verb, bundle: Value, *, report: str | None = None) -> ProcessingStep:
        """A step that takes a bundle and the data and leaves the next bundle, and a report where it makes one."""
        outputs = ("bundle", report) if report else ("bundle",)
        return ProcessingStep(
            verb=verb,
            arguments=[
                *("--bundle", str(INPUT / "bundle"), "--data", str(INPUT / "data"), "--out", str(OUTPUT / "bundle" / ARCHIVE)),
                *(("--report", str(OUTPUT / report)) if report else ()),
            ],
            inputs={"bundle": bundle, "data": self._data},
            outputs={name: self._made_by(verb, name) for name in outputs},
            instance=self._plan.processing,
        )

    def _gate(self) -> ProcessingStep:
        """Judges the model that was evaluated; always ends well, the verdict stands in its report."""
        return self._look(
            Verb.GATE,
            [
                *("--challenger", str(INPUT / "bundle"), "--champion", str(INPUT / "champion")),
                *("--minimum-auroc", parameter("MinimumAuroc"), "--record"),
            ],
            inputs={"champion": parameter(CHAMPION)},
            file=GATE_FILE,
        )

    def _evidence(self) -> ProcessingStep:
        """The pack that a person decides on, also where the gate refused."""
        return self._look(
            Verb.EVIDENCE,
            ["--bundle", str(INPUT / "bundle"), "--gate", str(INPUT / "gate")],
            inputs={"gate": self._made_by(Verb.GATE, REPORT)},
            file=PACK_FILE,
        )

    def _look(self, verb: Verb, arguments: list[Value], *, inputs: dict[str, Value], file: str) -> ProcessingStep:
        """A step that looks at the evaluated bundle and leaves a report, of which later steps read one file."""
        mounted = {name: str(INPUT / name) for name in ("data", "evaluation")}
        return ProcessingStep(
            verb=verb,
            arguments=[
                *arguments,
                *("--data", mounted["data"], "--evaluation", mounted["evaluation"], "--report", str(OUTPUT / REPORT)),
            ],
            inputs={
                "bundle": self._bundle_of(Verb.EVALUATE),
                "evaluation": self._made_by(Verb.EVALUATE, REPORT),
                "data": self._data,
                **inputs,
            },
            outputs={REPORT: self._made_by(verb, REPORT)},
            instance=self._plan.processing,
            properties={REPORT: (REPORT, file)},
        )

    @property
    def _data(self) -> Value:
        return _below(self._shards, Verb.PREPARE, "data")

    def _bundle_of(self, verb: Verb) -> Value:
        return self._made_by(verb, "bundle", ARCHIVE)

    def _made_by(self, verb: Verb, *path: str) -> Value:
        return _below(self._artifacts, verb, *path)


def _below(runs: str, verb: Verb, *path: str) -> Value:
    """Where a step of one execution leaves something."""
    return join("/", runs, {"Get": "Execution.PipelineExecutionId"}, verb.value, *path)
