"""Names and types that both sides of the house share: the platform (``stacks``, ``constructs_lib``) and the model line.

Light on purpose: synthesis and Lambdas import it, so it imports nothing heavy (a test holds that).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final


class Task(StrEnum):
    """The tasks that the platform knows by name; what each one means is data in ``model_code.tasks``."""

    CHEST14 = "chest14"


class Architecture(StrEnum):
    """The networks that a task can choose (torchvision's names)."""

    DENSENET121 = "densenet121"
    RESNET18 = "resnet18"
    RESNET50 = "resnet50"


class Verb(StrEnum):
    """One verb is one file in ``model_code``, one command of ``overread`` and one step of the pipeline (rule R3)."""

    SYNTHESIZE = "synthesize"
    PREPARE = "prepare"
    TRAIN = "train"
    EXPORT = "export"
    CALIBRATE = "calibrate"
    EVALUATE = "evaluate"
    PREDICT = "predict"
    SERVE = "serve"


PACKAGE: Final = "model_code"
"""Import name of the package; a container runs ``python -m model_code VERB``."""

SERVING_PORT: Final = 8080
"""SageMaker sends ``GET /ping`` and ``POST /invocations`` to this port of a serving container."""

IMAGE_CONTENT_TYPES: Final = ("application/dicom", "image/png", "image/jpeg")
"""Request bodies that ``POST /invocations`` reads."""

READING_CONTENT_TYPE: Final = "application/json"


class SageMakerPaths:
    """Where SageMaker mounts things in its containers (training and serving contracts)."""

    INPUT_DATA: Final = PurePosixPath("/opt/ml/input/data")
    MODEL: Final = PurePosixPath("/opt/ml/model")
    CHECKPOINTS: Final = PurePosixPath("/opt/ml/checkpoints")
    FAILURE: Final = PurePosixPath("/opt/ml/output/failure")
    PROCESSING_INPUT: Final = PurePosixPath("/opt/ml/processing/input")
    PROCESSING_OUTPUT: Final = PurePosixPath("/opt/ml/processing/output")
