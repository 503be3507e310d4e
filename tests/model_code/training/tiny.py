"""A network so small that a step takes no time, and what it learns from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from model_code.models import Classifier
from model_code.training.config import TrainConfig
from model_code.training.distributed import Crew
from model_code.training.learner import Learner
from model_code.training.losses import make_loss

CONFIG = TrainConfig("chest14", "resnet18", image_size=32, epochs=2, batch_size=8)
ALONE = Crew(0, 1, torch.device("cpu"))


class Rows:
    """Films in memory."""

    def __init__(self, count: int = 20, side: int = 36, channels: int = 1) -> None:
        self.pixels = np.random.default_rng(0).integers(0, 256, (count, channels, side, side)).astype(np.uint8)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, rows: Any) -> Any:
        return self.pixels[rows]


def network(labels: int = 3, *, channels: int = 1, exclusive: bool = False) -> Classifier:
    torch.manual_seed(0)
    features = nn.Sequential(nn.Conv2d(channels, 8, 3, stride=4), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.1))
    return Classifier(features, 8, labels, channels=channels, exclusive=exclusive)


def targets(count: int = 20, labels: int = 3) -> Tensor:
    return torch.randint(0, 2, (count, labels), generator=torch.Generator().manual_seed(1)).float()


def learner(crew: Crew = ALONE, **changes: Any) -> Learner:
    config = replace(CONFIG, **changes)
    return Learner(config, network(), make_loss(config.loss, targets(), exclusive=False), crew)
