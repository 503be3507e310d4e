"""How much a place reads, and what one reading takes. These are assumptions: change them for your own place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from operations.cost.prices import DAYS


@dataclass(frozen=True)
class Profile:
    """One kind of place."""

    name: str
    reads_a_day: int
    film_mb: float
    """Size of a film as it is sent."""
    films_kept_gb: float
    """Films and data sets in all buckets; each is kept twice, for the copy."""
    new_films: int
    """That arrive for training, a month."""
    training_runs: float
    """A month."""

    @property
    def reads(self) -> float:
        """A month."""
        return self.reads_a_day * DAYS


DEMO: Final = Profile("demo", reads_a_day=100, film_mb=1, films_kept_gb=5, new_films=100, training_runs=1)
CLINIC: Final = Profile("clinic", reads_a_day=1_000, film_mb=7, films_kept_gb=100, new_films=2_000, training_runs=1)
HOSPITAL: Final = Profile("hospital", reads_a_day=10_000, film_mb=7, films_kept_gb=1_000, new_films=20_000, training_runs=4)
PROFILES: Final = (DEMO, CLINIC, HOSPITAL)

MODEL_SECONDS: Final = 1.0
"""One film, decoded and read, on serverless or Lambda."""
INSTANCE_SECONDS: Final = 0.4
"""The same on an instance of four cores."""
REALTIME_INSTANCE: Final = "ml.c6i.xlarge"
"""Compared with where no environment has a realtime endpoint."""
FUNCTION_SECONDS: Final = 0.2
"""A light function that waits for nobody."""
FUNCTION_CALLS: Final = 2
"""Light functions that a read starts, beside the one that asks the endpoint."""
API_REQUESTS: Final = 2
"""Send and fetch."""
STUDY_DAYS: Final = 7
"""A film sent through the API is kept so long."""
DATA_EVENTS: Final = 6
"""Reads and writes of objects, their copies included, a read."""
KMS_REQUESTS: Final = 4
LOG_KB: Final = 6
"""Lines of functions, API and workflow, a read."""
FLOW_LOG_GB: Final = 0.5
"""A month, for each network."""
TABLE_KB: Final = 12
"""In the audit table, a read, in its first year."""
BACKUP_COPIES: Final = 5
"""Copies of the table in the vault."""
CONTAINER_GB: Final = 4.0
CONFIG_ITEMS: Final = 500
DEPLOYMENTS: Final = 20
"""Runs of the delivery pipeline, a month, of an hour each."""
STEP_HOURS: Final = {"train": 6.0}
OTHER_STEP_HOURS: Final = 1.0
WORKFLOW_STEPS: Final = 8
"""Transitions that one workflow run makes."""
