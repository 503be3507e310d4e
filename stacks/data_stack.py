"""The buckets that hold films, data sets and models, and what happens to a film on its way in."""

from __future__ import annotations

from typing import Final

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib.code_asset import CodeAsset
from constructs_lib.container_images import TrainingImage
from constructs_lib.data.bulk_intake import BulkIntake
from constructs_lib.data.film_intake import FilmIntake
from constructs_lib.data.imaging_store import ImagingStore
from constructs_lib.data.phi_bucket import FOR_GOOD, Keeping, PhiBucket
from constructs_lib.training.job_instance import Accelerator
from constructs_lib.training.job_role import Workplace
from constructs_lib.workflows.notices import BadEndings
from stacks.environments import Environment
from stacks.security_stack import SecurityStack

STUDIES_DAYS: Final = 7
"""How long films that somebody sent to be read, and the readings, can be asked for."""


class DataStack(Stack):
    """``intake`` → ``clean`` → ``shards`` → ``artifacts``: films as they come, without names, as data sets, as models.

    ``studies`` holds what comes through the API, for a week.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment, security: SecurityStack) -> None:
        super().__init__(scope, construct_id)
        self._environment, self._security = environment, security
        keys = security.keys
        self.intake = self._bucket("Intake", keys.images)
        self.clean = self._bucket("Clean", keys.images)
        self.shards = self._bucket("Shards", keys.images)
        self.artifacts = self._bucket("Artifacts", keys.models)
        self.studies = self._bucket("Studies", keys.images, Keeping(expire_after_days=STUDIES_DAYS))
        for bucket in (self.intake, self.studies):
            bucket.announce_arrivals()
        CfnOutput(
            self, "StudiesBucket", value=self.studies.bucket.bucket_name, description="What `overread endpoint` sends films by"
        )
        CfnOutput(
            self, "ShardsBucket", value=self.shards.bucket.bucket_name, description="Prepared data sets, below the task's name"
        )
        self._take_films()
        if environment.health_imaging:
            ImagingStore(self, "ImagingStore", key=keys.images, removal_policy=environment.removal_policy)

    @property
    def buckets(self) -> list[PhiBucket]:
        """Every bucket that may hold films or what was made of them."""
        return [self.intake, self.clean, self.shards, self.artifacts, self.studies]

    def _bucket(self, construct_id: str, key: kms.IKey, keeping: Keeping = FOR_GOOD) -> PhiBucket:
        return PhiBucket(
            self,
            construct_id,
            key=key,
            replica_key=self._security.keys.replicas,
            access_logs=self._security.access_logs,
            removal_policy=self._environment.removal_policy,
            keeping=keeping,
        )

    def _take_films(self) -> None:
        environment, security = self._environment, self._security
        self.films = FilmIntake(
            self,
            "Films",
            environment=environment.name,
            task=environment.task,
            intake=self.intake,
            clean=self.clean,
            place=security.place,
        )
        # de-identification needs no GPU, so its image is the one without, whatever training runs on
        image = TrainingImage(self, "JobImage", accelerator=Accelerator.NONE)
        self.archives = BulkIntake(
            self,
            "Archives",
            films=self.films,
            workplace=Workplace(image=image, code=CodeAsset(self, "Code"), network=security.network),
        )
        BadEndings(self, "Failures", workflow=self.archives.workflow, notices=security.notices)
