"""The line of a model as a SageMaker pipeline: prepare, train, export, calibrate, evaluate, register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from constructs_lib.errors import require_range
from constructs_lib.job_instance import JobInstance
from constructs_lib.job_role import JobRole, Workplace
from constructs_lib.model_registry import ModelRegistry
from constructs_lib.phi_bucket import PhiBucket
from constructs_lib.pipeline_steps import ProcessingStep, RegisterStep, TrainingStep, Value, join, parameter
from model_code.contract import Architecture, SageMakerPaths, Verb

VERSION: Final = "2020-12-01"
ARCHIVE: Final = "model.tar.gz"
INPUT, OUTPUT = SageMakerPaths.PROCESSING_INPUT, SageMakerPaths.PROCESSING_OUTPUT
JOBS: Final = "pipelines-*"
"""SageMaker names the jobs that a pipeline starts ``pipelines-<execution>-<step>``."""


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """How an environment trains; architecture and epochs are defaults that whoever starts a run may change."""

    architecture: Architecture
    epochs: int
    training: JobInstance
    processing: JobInstance

    def __post_init__(self) -> None:
        require_range("epochs", self.epochs, 1, 1000, advice="10 is a good start")

    def parameters(self, films: str) -> list[dict[str, str]]:
        """The pipeline's parameters; all are text, as container arguments are."""
        defaults = {"Films": films, "Architecture": self.architecture.value, "Epochs": str(self.epochs)}
        return [{"Name": name, "Type": "String", "DefaultValue": value} for name, value in defaults.items()]


class TrainingPipeline(Construct):
    """A pipeline for the registry's task: films below ``<task>/`` in ``films`` become a model package that waits for approval.

    What a run makes goes to ``artifacts`` below ``<task>/runs/<execution>/<step>/``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: TrainingPlan,
        workplace: Workplace,
        films: PhiBucket,
        artifacts: PhiBucket,
        registry: ModelRegistry,
    ) -> None:
        super().__init__(scope, construct_id)
        task = registry.task.value
        self._plan, self._registry = plan, registry
        self._runs = f"s3://{artifacts.bucket.bucket_name}/{task}/runs"
        self.jobs = JobRole(self, "Jobs", workplace=workplace, key=artifacts.key)
        films.grant_read(self.jobs.policy, task)
        artifacts.grant_read_write(self.jobs.policy, task)
        self.role = self._pipeline_role()
        self.definition = self._definition(f"s3://{films.bucket.bucket_name}/{task}")
        self.pipeline = sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=f"{registry.group_name}-training",
            role_arn=self.role.role_arn,
            pipeline_definition={"PipelineDefinitionBody": Stack.of(self).to_json_string(self.definition)},
        )
        self.pipeline.node.add_dependency(self._policy, self.jobs)

    def _pipeline_role(self) -> iam.Role:
        """Starts jobs with the jobs' role and registers into one group; it reads no film itself."""
        stack, group = Stack.of(self), self._registry.group_name

        def arns(*kinds: str, name: str = JOBS) -> list[str]:
            return [stack.format_arn(service="sagemaker", resource=kind, resource_name=name) for kind in kinds]

        jobs = [f"sagemaker:{verb}{kind}Job" for kind in ("Processing", "Training") for verb in ("Create", "Describe", "Stop")]
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        self._policy = iam.ManagedPolicy(
            self,
            "Policy",
            roles=[role],
            statements=[
                iam.PolicyStatement(actions=[*jobs, "sagemaker:AddTags"], resources=arns("processing-job", "training-job")),
                iam.PolicyStatement(
                    actions=["sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage", "sagemaker:AddTags"],
                    resources=[*arns("model-package-group", name=group), *arns("model-package", name=f"{group}/*")],
                ),
                iam.PolicyStatement(
                    actions=["iam:PassRole"],
                    resources=[self.jobs.role.role_arn],
                    conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
                ),
            ],
        )
        return role

    def _definition(self, films: str) -> dict[str, Any]:
        trained: Value = {"Get": f"Steps.{Verb.TRAIN.value}.ModelArtifacts.S3ModelArtifacts"}
        register = RegisterStep(
            group=self._registry.group_name,
            serving_image=self._registry.image.uri,
            model=self._bundle_of(Verb.EVALUATE),
            metrics=self._made_by(Verb.EVALUATE, "report", "metrics.json"),
        )
        steps = [
            self._prepare().render(self.jobs),
            self._train().render(self.jobs),
            self._finish(Verb.EXPORT, trained).render(self.jobs),
            self._finish(Verb.CALIBRATE, self._bundle_of(Verb.EXPORT)).render(self.jobs),
            self._finish(Verb.EVALUATE, self._bundle_of(Verb.CALIBRATE), ["report"]).render(self.jobs),
            register.render(),
        ]
        for before, step in pairwise(steps):
            step["DependsOn"] = [before["Name"]]
        return {"Version": VERSION, "Parameters": self._plan.parameters(films), "Steps": steps}

    def _prepare(self) -> ProcessingStep:
        task = self._registry.task.value
        return ProcessingStep(
            verb=Verb.PREPARE,
            arguments=["--source", "folder", "--task", task, "--root", str(INPUT / "films"), "--out", str(OUTPUT / "data")],
            inputs={"films": parameter("Films")},
            outputs={"data": self._data},
            instance=self._plan.processing,
        )

    def _train(self) -> TrainingStep:
        return TrainingStep(
            arguments=[
                *("--task", self._registry.task.value, "--arch", parameter("Architecture"), "--epochs", parameter("Epochs")),
                *("--data", str(SageMakerPaths.INPUT_DATA / "data"), "--out", str(SageMakerPaths.MODEL)),
                *("--checkpoints", str(SageMakerPaths.CHECKPOINTS)),
            ],
            data=self._data,
            output=self._made_by(Verb.TRAIN, "model"),
            checkpoints=self._made_by(Verb.TRAIN, "checkpoints"),
            instance=self._plan.training,
        )

    def _finish(self, verb: Verb, bundle: Value, reports: Sequence[str] = ()) -> ProcessingStep:
        """A step that takes a bundle and the data and leaves the next bundle, and reports where it makes any."""
        return ProcessingStep(
            verb=verb,
            arguments=[
                *("--bundle", str(INPUT / "bundle"), "--data", str(INPUT / "data"), "--out", str(OUTPUT / "bundle" / ARCHIVE)),
                *(text for name in reports for text in (f"--{name}", str(OUTPUT / name))),
            ],
            inputs={"bundle": bundle, "data": self._data},
            outputs={name: self._made_by(verb, name) for name in ("bundle", *reports)},
            instance=self._plan.processing,
        )

    @property
    def _data(self) -> Value:
        return self._made_by(Verb.PREPARE, "data")

    def _bundle_of(self, verb: Verb) -> Value:
        return self._made_by(verb, "bundle", ARCHIVE)

    def _made_by(self, verb: Verb, *path: str) -> Value:
        """Where a step of one execution leaves something."""
        return join("/", self._runs, {"Get": "Execution.PipelineExecutionId"}, verb.value, *path)
