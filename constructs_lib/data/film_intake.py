"""What happens to a film that arrives: it is made clean by a function, or put aside with the reason."""

from __future__ import annotations

from typing import Final

from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.container_images import FunctionImage
from constructs_lib.data.arrival_rule import ArrivalRule
from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.place import Place
from constructs_lib.runtime_function import RuntimeFunction
from constructs_lib.security.encryption_keys import EncryptionKeys
from model_code.contract import Arrivals, Task

MEMORY_MB: Final = 3008
"""Films of 40 million pixels, the most that are read, take up to 1.4 GB while they are made clean (measured, colour JPEG)."""

FILMS: Final = {"key": [{"prefix": Arrivals.FILMS}], "size": [{"numeric": ["<=", Arrivals.MAX_FILM_BYTES]}]}
"""What the function takes; anything larger is a matter of ``BulkIntake``."""


class FilmIntake(Construct):
    """De-identifies films below ``films/`` of ``intake`` into ``<task>/films/`` of ``clean``; failures go to ``quarantine/``."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: str,
        task: Task,
        intake: PhiBucket,
        clean: PhiBucket,
        place: Place,
    ) -> None:
        super().__init__(scope, id)
        self.task, self.intake, self.clean = task, intake, clean
        self.function = RuntimeFunction(
            self,
            "Function",
            handler="deidentify",
            place=place,
            image=FunctionImage(self, "Image"),
            environment={
                "ENVIRONMENT": environment,
                "TASK": task.value,
                "INTAKE_BUCKET": intake.bucket.bucket_name,
                "CLEAN_BUCKET": clean.bucket.bucket_name,
                "PSEUDONYMS_KEY_ID": place.keys.pseudonyms.key_id,
            },
            memory_mb=MEMORY_MB,
            timeout_seconds=180,
            concurrency=10,
        )
        policy = self.function.policy
        policy.add_statements(*_may(intake, place.keys))
        intake.key.grant_encrypt_decrypt(policy)
        clean.grant_write(policy, f"{task.value}/films")
        self.rule = ArrivalRule(self, "Arrivals", bucket=intake, objects=FILMS, function=self.function)


def _may(intake: PhiBucket, keys: EncryptionKeys) -> list[iam.PolicyStatement]:
    """Take films and put them aside; never remove a version, so that nothing is lost by a mistake."""
    bucket = intake.bucket
    films, quarantine = (bucket.arn_for_objects(f"{prefix}*") for prefix in (Arrivals.FILMS, Arrivals.QUARANTINE))
    return [
        # without it a film that was moved already would be "forbidden", not "gone"
        iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]),
        iam.PolicyStatement(
            actions=["s3:GetObject", "s3:GetObjectTagging", "s3:PutObjectTagging", "s3:DeleteObject"], resources=[films]
        ),
        iam.PolicyStatement(actions=["s3:PutObject", "s3:PutObjectTagging"], resources=[quarantine]),
        iam.PolicyStatement(actions=["s3:PutObject"], resources=[bucket.arn_for_objects(Arrivals.KEY)]),
        iam.PolicyStatement(actions=["kms:GenerateMac"], resources=[keys.pseudonyms.key_arn]),
    ]
