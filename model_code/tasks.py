"""The tasks as data: what a model of each task looks at, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from model_code.contract import Architecture, Task
from model_code.errors import unknown


@dataclass(frozen=True)
class TaskSpec:
    """One task. ``labels`` are ordered: this order is the order of every score, map and metric."""

    task: Task
    title: str
    labels: tuple[str, ...]
    architecture: Architecture
    image_size: int
    grouped_by: str


CHEST14: Final = TaskSpec(
    task=Task.CHEST14,
    title="14 findings on frontal chest films (NIH ChestX-ray14)",
    # NIH's order (Wang et al., CVPR 2017, table 1)
    labels=(
        "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
        "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
    ),
    architecture=Architecture.DENSENET121,
    image_size=224,
    grouped_by="patient",
)  # fmt: skip

TASKS: Final = {spec.task: spec for spec in (CHEST14,)}


def task_spec(name: str) -> TaskSpec:
    """The task of that name.

    Raises:
        UsageError: there is no such task; the message lists those there are.
    """
    try:
        return TASKS[Task(name)]
    except ValueError:
        raise unknown("task", name, Task) from None
