"""Names and types that both sides of the house share: the platform (``stacks``, ``constructs_lib``) and the model line.

Light on purpose: synthesis and Lambdas import it, so it imports nothing heavy (a test holds that).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import ClassVar, Final


class Task(StrEnum):
    """The tasks that the platform knows by name; what each one means is data in ``model_code.tasks``."""

    CHEST14 = "chest14"
    PNEUMONIA = "pneumonia"
    SKIN8 = "skin8"


class Architecture(StrEnum):
    """The networks that a task can choose (torchvision's names)."""

    DENSENET121 = "densenet121"
    RESNET18 = "resnet18"
    RESNET50 = "resnet50"
    RESNET101 = "resnet101"
    EFFICIENTNET_B0 = "efficientnet_b0"
    EFFICIENTNET_B1 = "efficientnet_b1"
    EFFICIENTNET_B2 = "efficientnet_b2"
    EFFICIENTNET_B3 = "efficientnet_b3"
    EFFICIENTNET_B4 = "efficientnet_b4"
    EFFICIENTNET_B5 = "efficientnet_b5"
    EFFICIENTNET_B6 = "efficientnet_b6"
    EFFICIENTNET_B7 = "efficientnet_b7"
    MOBILENET_V2 = "mobilenet_v2"


class Preset(StrEnum):
    """Settings to train a task with: ``model_code/presets/NAME.json``. A name is its task's, or begins with it and a hyphen."""

    CHEST14 = "chest14"
    PNEUMONIA = "pneumonia"
    SKIN8 = "skin8"
    SKIN8_MOBILENET_V2 = "skin8-mobilenet_v2"
    SKIN8_RESNET50 = "skin8-resnet50"

    @property
    def task(self) -> Task:
        """What it trains for."""
        return Task(self.value.partition("-")[0])


AS_PRESET: Final = "preset"
"""Of a pipeline's parameter: what the preset says. SageMaker takes no empty text."""


class Precision(StrEnum):
    """What an exported graph computes in."""

    FLOAT32 = "float32"
    BF16 = "bf16"
    INT8 = "int8"


class Runtime(StrEnum):
    """What runs an exported graph; the first is the default and always there."""

    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"


class Publisher(StrEnum):
    """Who publishes networks that ``import-weights`` takes over."""

    TORCHXRAYVISION = "torchxrayvision"


class Verb(StrEnum):
    """One verb is one file in ``model_code``, one command of ``overread`` and one step of the pipeline (rule R3)."""

    SYNTHESIZE = "synthesize"
    DEIDENTIFY = "deidentify"
    FETCH = "fetch"
    PREPARE = "prepare"
    UPLOAD = "upload"
    TRAIN = "train"
    IMPORT_WEIGHTS = "import-weights"
    EXPORT = "export"
    CALIBRATE = "calibrate"
    EVALUATE = "evaluate"
    GATE = "gate"
    EVIDENCE = "evidence"
    COMPARE = "compare"
    PREDICT = "predict"
    PACS = "pacs"
    SERVE = "serve"
    PIPELINE = "pipeline"
    REGISTRY = "registry"
    SUBMIT = "submit"
    ENDPOINT = "endpoint"
    BUILTIN = "builtin"


class Metric(StrEnum):
    """What the service tells of itself, in CloudWatch and to Prometheus; dimensions ``Environment`` and ``Task``."""

    READINGS = "Readings"
    """Answers given, of either status."""
    NOT_ASSESSED = "NotAssessed"
    """Answers that say why there is none."""
    ERRORS = "Errors"
    """Requests without an answer through a fault of ours."""
    LATENCY = "LatencyMilliseconds"
    """From the request's arrival to its answer."""
    POSITIVES = "Positives"
    """Findings above their rule-in threshold; also by ``Label``."""
    DRIFT = "Drift"
    """Distance of recent readings from the bundle's reference profile."""
    CALIBRATION_ERROR = "CalibrationError"
    """Expected calibration error against clinicians' verdicts, where there are any."""
    SENSITIVITY = "LiveSensitivity"
    """Share of the verdicts' positives that were read as positive."""
    FILMS = "FilmsDeidentified"
    """Films that arrived and are clean."""
    QUARANTINED = "FilmsQuarantined"
    """Films that arrived and could not be read, or not be made clean."""


METRICS_NAMESPACE: Final = "Overread"

PACKAGE: Final = "model_code"
"""Import name of the package; a container runs ``python -m model_code VERB``."""

NO_CHAMPION: Final = "no champion yet\n"
"""What a zipped file holds that a first model's gate is given in place of a champion: SageMaker takes no empty address."""

PASSED: Final = "passed"
"""The gate's verdict that lets a model go on, in ``gate.json``."""

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
    PROCESSING_RESOURCES: Final = PurePosixPath("/opt/ml/config/resourceconfig.json")
    PROCESSING_INPUT: Final = PurePosixPath("/opt/ml/processing/input")
    PROCESSING_OUTPUT: Final = PurePosixPath("/opt/ml/processing/output")


class Arrivals:
    """Where things stand in the bucket that films come into."""

    FILMS: Final = "films/"
    """Single films. What is larger than ``MAX_FILM_BYTES`` can only be an archive."""
    ARCHIVES: Final = "archives/"
    """Zip archives of films, of any size."""
    QUARANTINE: Final = "quarantine/"
    """Films that could not be read, each with a reason beside it."""
    REASON: Final = ".reason.json"
    KEY: Final = "keys/pseudonyms"
    """The key of the pseudonyms, for jobs, which have no network to ask KMS by."""
    CLEAN_TAG: Final = "clean-film"
    """Tag of an original: the name of its clean copy."""
    MAX_FILM_BYTES: Final = 64 * 2**20
    """What the decoder reads at most (``model_code.data.images.LIMITS``; a test holds them together)."""


@dataclass(frozen=True, kw_only=True)
class BuiltinSettings:
    """What SageMaker's own image classification is told, from a laptop as from the stack. Each side checks the ranges itself."""

    classes: int
    training_films: int
    layers: int = 101
    image_size: int = 224
    batch_size: int = 32
    epochs: int = 10
    learning_rate: float = 0.001
    exclusive: bool = False
    """Whether a film has exactly one of the labels; the records then hold a class instead of labels."""

    LAYERS: ClassVar = (18, 34, 50, 101, 152, 200)
    """Depths that its ResNets come in."""
    CHANNELS: ClassVar = ("train", "validation")
    RECORDS: ClassVar = "application/x-recordio"

    @property
    def hyperparameters(self) -> dict[str, str]:
        """As the algorithm names them; all are text."""
        values = {
            "num_layers": self.layers,
            "num_classes": self.classes,
            "num_training_samples": self.training_films,
            "image_shape": f"3,{self.image_size},{self.image_size}",
            "mini_batch_size": self.batch_size,
            "epochs": self.epochs,
            "learning_rate": self.learning_rate,
            "optimizer": "adam",
            "multi_label": int(not self.exclusive),
            "use_pretrained_model": 1,
            "use_weighted_loss": int(not self.exclusive),
        }
        return {name: str(value) for name, value in values.items()}
