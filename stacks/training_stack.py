"""The training pipeline with its role, code and images."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from constructs_lib.code_asset import CodeAsset
from constructs_lib.container_images import TrainingImage
from constructs_lib.training.builtin_classifier import BuiltinClassifier
from constructs_lib.training.experiment_tracking import ExperimentTracking
from constructs_lib.training.job_role import Workplace
from constructs_lib.training.training_pipeline import TrainingPipeline
from stacks.data_stack import DataStack
from stacks.environments import Environment
from stacks.registry_stack import RegistryStack
from stacks.security_stack import SecurityStack


class TrainingStack(Stack):
    """From clean films to a model package that waits for approval."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        security: SecurityStack,
        data: DataStack,
        registry: RegistryStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self.add_stack_dependency(registry, "a run registers into its group")
        plan = environment.training
        image = TrainingImage(self, "TrainingImage", accelerator=plan.training.accelerator, digest=plan.image_digest)
        workplace = Workplace(image=image, code=CodeAsset(self, "Code"), network=security.network)
        self.pipeline = TrainingPipeline(
            self,
            "Training",
            plan=plan,
            workplace=workplace,
            films=data.clean,
            shards=data.shards,
            artifacts=data.artifacts,
            registry=registry.registry,
        )
        CfnOutput(self, "PipelineName", value=self.pipeline.name, description="What `overread submit` takes its jobs from")
        if environment.builtin:
            builtin = BuiltinClassifier(
                self,
                "Builtin",
                plan=environment.builtin,
                network=security.network,
                shards=data.shards,
                artifacts=data.artifacts,
                registry=registry.registry,
            )
            CfnOutput(self, "BuiltinPipelineName", value=builtin.name, description="What `overread submit builtin` is taken from")
        if environment.tracks_experiments:
            ExperimentTracking(self, "Experiments", artifacts=data.artifacts, registry=registry.registry)
