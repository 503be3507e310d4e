"""The algorithm's hyperparameters and channels as a typed option; the same that the stack's pipeline gives it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from model_code.contract import BuiltinSettings
from model_code.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class BuiltinTraining(BuiltinSettings):
    """Settings in the algorithm's documented ranges; it starts from ImageNet's weights and learns on a GPU.

    Raises:
        UsageError: a value that the algorithm refuses.
    """

    def __post_init__(self) -> None:
        if self.layers not in self.LAYERS:
            raise UsageError(f"--layers is {self.layers}; allowed: {', '.join(map(str, self.LAYERS))}")
        limits = {"classes": (2, 10_000), "batch_size": (1, self.training_films), "image_size": (32, 1024), "epochs": (1, 1000)}
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"--{name.replace('_', '-')} is {getattr(self, name)}; allowed: {low} to {high}")
        if not 0 < self.learning_rate <= 1:
            raise UsageError(f"--learning-rate is {self.learning_rate}; allowed: above 0, at most 1")

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
                "ContentType": self.RECORDS,
            }
            for name in self.CHANNELS
        ]

    def as_json(self) -> dict[str, Any]:
        """For ``builtin.json``; ``BuiltinTraining(**…)`` takes it back."""
        return asdict(self)
