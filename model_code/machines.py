"""Which of several machines this one is, as SageMaker tells a processing job. On a laptop there is one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from model_code.contract import SageMakerPaths
from model_code.errors import UsageError


@dataclass(frozen=True)
class Machine:
    """One machine of a job."""

    name: str
    count: int
    """How many there are in all."""


ALONE = Machine("alone", 1)


def this_machine(resources: Path = Path(SageMakerPaths.PROCESSING_RESOURCES)) -> Machine:
    """Reads ``current_host`` and ``hosts`` of a processing job's resource configuration.

    Raises:
        UsageError: the file is there but does not say so.
    """
    if not resources.is_file():
        return ALONE
    try:
        config = json.loads(resources.read_text(encoding="utf-8"))
        return Machine(str(config["current_host"]), len(config["hosts"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"'{resources}' does not name current_host and hosts; SageMaker writes it for each job") from error
