"""The tasks as data: what a model of each task looks at, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from model_code.contract import Architecture, Task
from model_code.errors import unknown


@dataclass(frozen=True)
class TaskSpec:
    """One task. ``labels`` are ordered: this order is the order of every score, map and metric.

    ``channels`` is what the model looks at: 1 grey, 3 colour. In an ``exclusive`` task exactly one label is true of a picture.
    """

    task: Task
    title: str
    labels: tuple[str, ...]
    architecture: Architecture
    image_size: int
    grouped_by: str
    channels: Literal[1, 3]
    exclusive: bool


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
    channels=1,
    exclusive=False,
)  # fmt: skip

PNEUMONIA: Final = TaskSpec(
    task=Task.PNEUMONIA,
    title="pneumonia on frontal chest films of children (Kermany et al., Cell 2018)",
    labels=("NORMAL", "PNEUMONIA"),
    architecture=Architecture.RESNET18,
    image_size=224,
    grouped_by="patient",
    channels=1,
    exclusive=True,
)

SKIN8: Final = TaskSpec(
    task=Task.SKIN8,
    title="8 diagnoses on dermoscopies (ISIC 2019)",
    # ISIC 2019's order: melanoma, nevus, basal cell carcinoma, actinic keratosis, benign keratosis, dermatofibroma,
    # vascular lesion, squamous cell carcinoma
    labels=("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"),
    architecture=Architecture.EFFICIENTNET_B0,
    image_size=224,
    grouped_by="lesion",
    channels=3,
    exclusive=True,
)

TASKS: Final = {spec.task: spec for spec in (CHEST14, PNEUMONIA, SKIN8)}


def task_spec(name: str) -> TaskSpec:
    """The task of that name.

    Raises:
        UsageError: there is no such task; the message lists those there are.
    """
    try:
        return TASKS[Task(name)]
    except ValueError:
        raise unknown("task", name, Task) from None
