"""The buckets that films go through, and what takes them, in a stack of a test's own."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.code_asset import CodeAsset
from constructs_lib.container_images import TrainingImage
from constructs_lib.data.bulk_intake import BulkIntake
from constructs_lib.data.film_intake import FilmIntake
from constructs_lib.training.job_instance import Accelerator
from constructs_lib.training.job_role import Workplace
from model_code.contract import Task
from tests.infra import Scope


@dataclass(frozen=True)
class Intake:
    scope: Scope
    films: FilmIntake
    archives: BulkIntake


def intake() -> Intake:
    scope = Scope()
    keys, logs = scope.keys(), scope.access_logs()
    place = scope.place(keys)
    arriving, clean = (scope.bucket(name, keys, logs) for name in ("Intake", "Clean"))
    films = FilmIntake(
        scope.stack,
        "Films",
        environment="test",
        task=Task.CHEST14,
        intake=arriving,
        clean=clean,
        place=place,
    )
    workplace = Workplace(
        image=TrainingImage(scope.stack, "JobImage", accelerator=Accelerator.NONE),
        code=CodeAsset(scope.stack, "Code"),
        network=place.network,
    )
    archives = BulkIntake(
        scope.stack,
        "Archives",
        films=films,
        workplace=workplace,
    )
    return Intake(scope, films, archives)
