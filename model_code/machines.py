"""Which of several machines this one is, as SageMaker tells a processing job. On a laptop there is one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_code.contract import SageMakerPaths
from model_code.errors import UsageError


@dataclass(frozen=True)
class Machine:
    """One machine of a job."""

    name: str
    count: int
    """How many there are in all."""


ALONE = Machine("alone", 1)
ROOT: Final = "/opt/ml"


def this_machine(resources: Path | None = None) -> Machine:
    """Reads ``current_host`` and ``hosts`` of a processing job's resource configuration.

    Args:
        resources: that file; None takes SageMaker's, below ``SAGEMAKER_BASE_DIR`` where a pipeline runs on a laptop.

    Raises:
        UsageError: the file is there but does not say so.
    """
    if resources is None:
        base = Path(os.environ.get("SAGEMAKER_BASE_DIR", ROOT))
        resources = base / SageMakerPaths.PROCESSING_RESOURCES.relative_to(ROOT)
    if not resources.is_file():
        return ALONE
    try:
        config = json.loads(resources.read_text(encoding="utf-8"))
        return Machine(str(config["current_host"]), len(config["hosts"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"'{resources}' does not name current_host and hosts; SageMaker writes it for each job") from error
