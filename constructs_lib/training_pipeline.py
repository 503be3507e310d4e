"""The line of a model as a SageMaker pipeline: prepare, train, export, calibrate, evaluate, register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import Stack
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from constructs_lib.code_asset import CodeAsset, ServingImage, TrainingImage
from constructs_lib.isolated_network import IsolatedNetwork
from constructs_lib.job_role import JobRole
from constructs_lib.model_registry import ModelRegistry
from constructs_lib.phi_bucket import PhiBucket
from constructs_lib.pipeline_steps import (
    JobSettings,
    ProcessingStep,
    RegisterStep,
    TrainingStep,
    Value,
    join,
    parameter,
    run_folder,
)
from model_code.contract import Architecture, SageMakerPaths, Task, Verb

VERSION: Final = "2020-12-01"
ARCHIVE: Final = "model.tar.gz"
INPUT, OUTPUT = SageMakerPaths.PROCESSING_INPUT, SageMakerPaths.PROCESSING_OUTPUT


@dataclass(frozen=True)
class PipelineDefaults:
    """What a run uses where whoever starts it says nothing else."""

    task: Task
    architecture: Architecture
    epochs: int
    training_instance: str
    processing_instance: str

    @property
    def accelerated(self) -> bool:
        """Whether the training instance has a GPU (families g and p)."""
        return self.training_instance.startswith(("ml.g", "ml.p"))

    def parameters(self, films: str) -> list[dict[str, str]]:
        """The pipeline's parameters; all are text, as container arguments are."""
        defaults = {
            "Films": films,
            "Architecture": self.architecture.value,
            "Epochs": str(self.epochs),
            "TrainingInstance": self.training_instance,
            "ProcessingInstance": self.processing_instance,
        }
        return [{"Name": name, "Type": "String", "DefaultValue": value} for name, value in defaults.items()]


class TrainingPipeline(Construct):
    """A pipeline for one task: films in ``films`` become a model package that waits for a person's approval.

    What a run makes goes to ``artifacts`` under ``runs/<execution>/<step>``; checkpoints to ``checkpoints/<execution>``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        defaults: PipelineDefaults,
        network: IsolatedNetwork,
        films: PhiBucket,
        artifacts: PhiBucket,
        registry: ModelRegistry,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self._defaults, self._artifacts = defaults, artifacts.bucket.bucket_name
        code = CodeAsset(self, "Code")
        training = TrainingImage(self, "TrainingImage", region=stack.region, accelerated=defaults.accelerated)
        self.serving = ServingImage(self, "ServingImage")
        self.role = JobRole(self, "JobRole")
        code.grant_read(self.role.policy)
        films.grant_read(self.role.policy)
        artifacts.grant_read_write(self.role.policy)
        for image in (training, self.serving):
            self.role.grant_pull(image.asset)
        self.role.grant_register(registry.group_arn, registry.group_name)
        self.settings = JobSettings(
            role_arn=self.role.role.role_arn,
            image=training.asset.image_uri,
            code_uri=code.s3_uri,
            code_file=code.file_name,
            subnets=network.subnets,
            security_group=network.jobs.security_group_id,
            data_key=films.key.key_arn,
            model_key=artifacts.key.key_arn,
        )
        self.definition = self._definition(registry.group_name, self.serving.asset.image_uri, films.bucket.bucket_name)
        self.pipeline = sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=f"{registry.group_name}-training",
            role_arn=self.role.role.role_arn,
            pipeline_definition={"PipelineDefinitionBody": stack.to_json_string(self.definition)},
        )
        self.pipeline.node.add_dependency(self.role)

    def _definition(self, group: str, serving_image: str, films: str) -> dict[str, Any]:
        steps = [
            self._prepare().render(self.settings),
            self._train().render(self.settings),
            self._finish(Verb.EXPORT, {"Get": "Steps.train.ModelArtifacts.S3ModelArtifacts"}).render(self.settings),
            self._finish(Verb.CALIBRATE, self._bundle_of(Verb.EXPORT)).render(self.settings),
            self._finish(Verb.EVALUATE, self._bundle_of(Verb.CALIBRATE)).render(self.settings),
            RegisterStep(
                group=group,
                serving_image=serving_image,
                model=self._bundle_of(Verb.EVALUATE),
                metrics=join("/", self._run(Verb.EVALUATE), "report", "metrics.json"),
            ).render(),
        ]
        for step, before in zip(steps[1:], steps, strict=False):
            step["DependsOn"] = [before["Name"]]
        return {"Version": VERSION, "Parameters": self._defaults.parameters(f"s3://{films}/chest14"), "Steps": steps}

    def _prepare(self) -> ProcessingStep:
        task = self._defaults.task.value
        return ProcessingStep(
            verb=Verb.PREPARE,
            arguments=["--source", "folder", "--task", task, "--root", str(INPUT / "films"), "--out", str(OUTPUT / "data")],
            inputs={"films": parameter("Films")},
            outputs={"data": self._data},
            instance_type=parameter("ProcessingInstance"),
        )

    def _train(self) -> TrainingStep:
        return TrainingStep(
            arguments=[
                *("--task", self._defaults.task.value, "--arch", parameter("Architecture"), "--epochs", parameter("Epochs")),
                *("--data", str(SageMakerPaths.INPUT_DATA / "data"), "--out", str(SageMakerPaths.MODEL)),
                *("--checkpoints", str(SageMakerPaths.CHECKPOINTS)),
            ],
            data=self._data,
            output=self._run(Verb.TRAIN),
            checkpoints=join("/", f"s3://{self._artifacts}/checkpoints", {"Get": "Execution.PipelineExecutionId"}),
            instance_type=parameter("TrainingInstance"),
        )

    def _finish(self, verb: Verb, bundle: Value) -> ProcessingStep:
        """A step that takes a bundle and the data, and leaves the next bundle (evaluate: a report as well)."""
        report = {"report": join("/", self._run(verb), "report")} if verb is Verb.EVALUATE else {}
        return ProcessingStep(
            verb=verb,
            arguments=[
                *("--bundle", str(INPUT / "bundle"), "--data", str(INPUT / "data"), "--out", str(OUTPUT / "bundle" / ARCHIVE)),
                *(("--report", str(OUTPUT / "report")) if report else ()),
            ],
            inputs={"bundle": bundle, "data": self._data},
            outputs={"bundle": join("/", self._run(verb), "bundle"), **report},
            instance_type=parameter("ProcessingInstance"),
        )

    @property
    def _data(self) -> Value:
        return join("/", self._run(Verb.PREPARE), "data")

    def _bundle_of(self, verb: Verb) -> Value:
        return join("/", self._run(verb), "bundle", ARCHIVE)

    def _run(self, verb: Verb) -> Value:
        return run_folder(self._artifacts, verb)
