"""How the network does on films that it does not learn from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model_code.errors import OverreadError
from model_code.models import Classifier
from model_code.training.augment import unchanged
from model_code.training.batches import Films, chunks, in_advance, to_device
from model_code.training.epochs import accuracy, macro_auroc
from model_code.training.learner import Learner

BATCH: Final = 64


class Figures(NamedTuple):
    """Mean loss, macro AUROC and accuracy on a split."""

    loss: float
    auroc: float
    accuracy: float


def validate(learner: Learner, films: Films, targets: Tensor, *, after_each: Callable[[], None] = lambda: None) -> Figures:
    """The figures of the network that would be kept, on unchanged films; each process looks at its share of them.

    Args:
        learner: whose network.
        films: of the split.
        targets: (N, K) of the split, on the processor.
        after_each: is called after each batch and may end the run.

    Raises:
        OverreadError: the network's weights have grown out of all bounds.
    """
    logits = score(learner, learner.best_guess, films, targets.shape[1], after_each)
    if not logits.isfinite().all():
        raise OverreadError(
            "the network says nothing that is a number any more: training diverged; begin again with a lower --learning-rate "
            f"(it was {learner.config.learning_rate:g}) and another --checkpoints"
        )
    loss = learner.loss(logits, targets).mean
    truth, scores = targets.numpy(), logits.numpy()
    return Figures(loss.item(), macro_auroc(truth, scores), accuracy(truth, scores, exclusive=learner.model.exclusive))


@torch.no_grad()
def score(learner: Learner, model: Classifier, films: Films, labels: int, after_each: Callable[[], None]) -> Tensor:
    """Logits (N, labels) float32 of all films, on the processor."""
    model.eval()
    device, side = learner.crew.device, learner.config.image_size
    logits = torch.zeros(len(films), labels, device=device)

    def read(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Tensor]:
        return rows, to_device(films[rows], device)

    mine = chunks(len(films), BATCH)[learner.crew.rank :: learner.crew.size]
    for rows, pixels in in_advance(partial(read, rows) for rows in mine):
        with learner.autocast():
            outputs = model(unchanged(pixels, side).contiguous(memory_format=torch.channels_last))
        logits[torch.from_numpy(rows).to(device)] = outputs.logits.float()
        after_each()
    return learner.crew.sum(logits).cpu()
