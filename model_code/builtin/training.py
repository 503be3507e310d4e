"""The algorithm's hyperparameters and channels as a typed option; the same that the stack's pipeline gives it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from model_code.errors import UsageError

LAYERS: Final = (18, 34, 50, 101, 152, 200)
CHANNELS: Final = ("train", "validation")
RECORDS: Final = "application/x-recordio"


@dataclass(frozen=True, kw_only=True)
class BuiltinTraining:
    """What the algorithm is told (its documented ranges); it starts from ImageNet's weights and learns on a GPU.

    Raises:
        UsageError: a value that the algorithm refuses.
    """

    classes: int
    training_films: int
    exclusive: bool = False
    layers: int = 101
    image_size: int = 224
    batch_size: int = 32
    epochs: int = 10
    learning_rate: float = 0.001

    def __post_init__(self) -> None:
        if self.layers not in LAYERS:
            raise UsageError(f"--layers is {self.layers}; allowed: {', '.join(map(str, LAYERS))}")
        limits = {"classes": (2, 10_000), "batch_size": (1, self.training_films), "image_size": (32, 1024), "epochs": (1, 1000)}
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"--{name.replace('_', '-')} is {getattr(self, name)}; allowed: {low} to {high}")
        if not 0 < self.learning_rate <= 1:
            raise UsageError(f"--learning-rate is {self.learning_rate}; allowed: above 0, at most 1")

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

    def channels(self, prefix: str) -> list[dict[str, Any]]:
        """``InputDataConfig`` of a data set that ``overread builtin data`` wrote and that stands below an S3 prefix."""
        return [
            {
                "ChannelName": name,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"{prefix.rstrip('/')}/recordio/{name}",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
                "ContentType": RECORDS,
            }
            for name in CHANNELS
        ]

    def as_json(self) -> dict[str, Any]:
        """For ``builtin.json``; ``BuiltinTraining(**…)`` takes it back."""
        return asdict(self)
