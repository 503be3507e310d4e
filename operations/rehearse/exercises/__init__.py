"""What is done with a deployment, in order, each where what it needs was deployed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from operations.rehearse.exercises import api, films, learning
from operations.rehearse.exercises.scene import AbsentError, ExerciseError, Scene
from operations.rehearse.start import RehearsalError

Exercise = Callable[[Scene], str]
"""Says what it saw, on one line."""

EXERCISES: Final[Mapping[str, Exercise]] = {
    "a film arrives": films.a_film_is_cleaned,
    "a broken film arrives": films.a_broken_film_is_kept_aside,
    "an archive arrives": films.an_archive_starts_a_job,
    "the API without a model": api.without_a_model,
    "the API used wrongly": api.wrong_use,
    "a study without a model": api.a_study_before_a_model,
    "POST /retrain": api.a_retraining,
    "a retraining, and its brake": learning.the_brake_holds,
    "the monthly schedule": learning.a_schedule_starts_it,
    "an approval": learning.an_approval_releases,
    "POST /predict": api.a_prediction,
    "a study": api.a_study,
}


@dataclass(frozen=True)
class Outcome:
    """How one exercise went."""

    name: str
    result: str
    """``done``, ``failed`` or ``absent``."""
    detail: str
    seconds: float


def exercise(scene: Scene, say: Callable[[str], None], exercises: Mapping[str, Exercise] = EXERCISES) -> list[Outcome]:
    """Does all of them; one that fails does not keep the others from being done."""
    outcomes = []
    for name, work in exercises.items():
        started = time.monotonic()
        try:
            result, detail = "done", work(scene)
        except AbsentError as error:
            result, detail = "absent", f"not in this deployment: {error}"
        except (ExerciseError, RehearsalError, ClientError, BotoCoreError, LookupError, OSError) as error:
            result, detail = "failed", " ".join((repr(error) if isinstance(error, LookupError) else str(error)).split())
        outcomes.append(Outcome(name, result, detail, time.monotonic() - started))
        say(f"{name}: {result}")
    return outcomes
