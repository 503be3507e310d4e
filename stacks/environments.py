"""The environments. What differs between dev, staging and prod stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import RemovalPolicy

from constructs_lib.api.settings import ApiSettings
from constructs_lib.container_images import base_image
from constructs_lib.delivery.settings import Delivery
from constructs_lib.endpoints.serving_instance import ServingInstance
from constructs_lib.endpoints.settings import EndpointSettings, QuietHours, Realtime, Serverless
from constructs_lib.errors import ConfigurationError, require_one_of, require_range
from constructs_lib.monitoring.alarm_board import Thresholds
from constructs_lib.training.builtin_classifier import BuiltinPlan
from constructs_lib.training.job_instance import JobInstance
from constructs_lib.training.training_pipeline import TrainingPlan
from constructs_lib.workflows.retraining_rules import RetrainingRules
from model_code.contract import Preset, Task


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment.

    Raises:
        ConfigurationError: a value is not allowed; the message says the value, what is allowed and what to do.
    """

    name: str
    region: str
    account: str | None = None
    """Where it may be deployed; None leaves it to the credentials that deploy it. Synthesis needs none."""
    zones: int
    keeps_data: bool
    """Whether buckets, keys and logs outlive their stacks."""
    task: Task
    contact: str | None = None
    """Who is told, by mail; None leaves the topic without a subscriber."""
    monthly_usd: int
    """Limit of the month's bill: beyond it no training starts."""
    thresholds: Thresholds
    training: TrainingPlan
    retraining: RetrainingRules
    endpoint: EndpointSettings
    api: ApiSettings
    health_imaging: bool = False
    """An AWS HealthImaging data store beside the buckets, for viewers."""
    config_rules: bool = False
    """AWS Config's recorder with a few rules; an account has one recorder, so leave it out where yours has one."""
    builtin: BuiltinPlan | None = None
    """SageMaker's own algorithm as a second pipeline, to compare with."""
    tracks_experiments: bool = False
    """A managed MLflow server; it costs money by the hour."""

    def __post_init__(self) -> None:
        if not (self.name.isalnum() and self.name.islower() and len(self.name) <= 12):
            raise ConfigurationError(
                f"environment name is '{self.name}'; allowed: up to 12 lower-case letters and digits; it becomes part of names"
            )
        require_one_of("task", self.task, Task, "a task is data in model_code/tasks.py and a name in its contract")
        if self.account is not None and not (self.account.isdigit() and len(self.account) == 12):
            raise ConfigurationError(f"account is '{self.account}'; allowed: the 12 digits of an AWS account, or None")
        if self.training.preset.task is not self.task:
            own = ", ".join(preset for preset in Preset if preset.task is self.task)
            raise ConfigurationError(
                f"the preset {self.training.preset} is not of the task {self.task}; allowed: {own}; set it in its TrainingPlan"
            )
        require_range("zones", self.zones, 2, 3, advice="one zone would be a single point of failure")
        # refuses a region without training images, and a digest that is none
        base_image(self.region, self.training.training.accelerator, self.training.image_digest)

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack is destroyed."""
        return RemovalPolicy.RETAIN if self.keeps_data else RemovalPolicy.DESTROY


DEV: Final = Environment(
    name="dev",
    region="us-east-1",
    zones=2,
    keeps_data=False,
    task=Task.CHEST14,
    thresholds=Thresholds(),
    monthly_usd=500,
    training=TrainingPlan(preset=Preset.CHEST14, training=JobInstance.M5_2XLARGE, processing=JobInstance.M5_XLARGE),
    retraining=RetrainingRules(expected_run_usd=5),
    endpoint=Serverless(memory_mb=3072, max_concurrency=2),
    api=ApiSettings(private=False, requests_per_second=5, burst=10, daily_quota=2_000),
)

STAGING: Final = Environment(
    name="staging",
    region="us-east-1",
    zones=2,
    keeps_data=True,
    task=Task.CHEST14,
    thresholds=Thresholds(),
    monthly_usd=1500,
    training=TrainingPlan(preset=Preset.CHEST14, training=JobInstance.G5_XLARGE, processing=JobInstance.M5_2XLARGE),
    retraining=RetrainingRules(expected_run_usd=15),
    endpoint=Realtime(instance=ServingInstance.M5_LARGE, min_instances=2, max_instances=3, invocations_per_instance=60),
    api=ApiSettings(private=False, requests_per_second=10, burst=20, daily_quota=10_000),
)

PROD: Final = Environment(
    name="prod",
    region="us-east-1",
    zones=3,
    keeps_data=True,
    task=Task.CHEST14,
    thresholds=Thresholds(max_error_rate=0.005),
    monthly_usd=5000,
    training=TrainingPlan(preset=Preset.CHEST14, training=JobInstance.G5_2XLARGE, processing=JobInstance.M5_2XLARGE),
    retraining=RetrainingRules(expected_run_usd=50),
    # never fewer than two, in different zones: a release tries one of them first
    endpoint=Realtime(
        instance=ServingInstance.C6I_XLARGE,
        min_instances=3,
        max_instances=5,
        invocations_per_instance=120,
        quiet_hours=QuietHours(start=20, end=6, min_instances=2, time_zone="America/New_York"),
    ),
    api=ApiSettings(private=False, requests_per_second=50, burst=100, daily_quota=100_000),
)

ENVIRONMENTS: Final = {environment.name: environment for environment in (DEV, STAGING, PROD)}

DELIVERY_NAME: Final = "delivery"
"""What ``-c env=`` calls the pipeline that delivers all environments."""

# Every API is regional, behind the firewall and two kinds of sign-in, so that the delivery can ask each for a reading. With
# ``private=True`` it is reached from the environment's own network alone, and a person deploys that environment and asks.
DELIVERY: Final = Delivery(
    # a person makes the connection once and puts its ARN here; until then this one synthesizes and cannot be deployed
    connection_arn="arn:aws:codeconnections:us-east-1:111122223333:connection/00000000-0000-0000-0000-000000000000",
    repository="OWNER/overread",
)


def environment_named(name: str) -> Environment:
    """The environment of that name.

    Raises:
        ConfigurationError: there is none.
    """
    require_one_of("environment", name, (*ENVIRONMENTS, DELIVERY_NAME), "choose one with -c env=NAME")
    return ENVIRONMENTS[name]
