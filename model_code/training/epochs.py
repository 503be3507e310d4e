"""What an epoch gave, and which one is the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score


@dataclass(frozen=True)
class Epoch:
    """One pass over the training films, and the network's figures on validation after it."""

    epoch: int
    train_loss: float
    val_loss: float
    val_auroc: float
    val_accuracy: float
    seconds: float

    def rank(self, select: str = "auroc") -> tuple[float, float]:
        """Orders epochs from worse to better: by ``auroc`` or ``accuracy`` on validation; a tie goes to the lower loss."""
        return round(self.val_accuracy if select == "accuracy" else self.val_auroc, 4), -self.val_loss

    def __str__(self) -> str:
        return (
            f"epoch {self.epoch}: loss {self.train_loss:.3f}, validation loss {self.val_loss:.3f}, "
            f"AUROC {self.val_auroc:.3f}, accuracy {self.val_accuracy:.3f}, {self.seconds:.0f} s"
        )


def macro_auroc(targets: NDArray[np.float32], scores: NDArray[np.float32]) -> float:
    """Mean AUROC over labels; 0.5 where no label has both kinds of film. Both (N, K); targets may be NaN for unknown."""
    areas = []
    for label in range(targets.shape[1]):
        known = ~np.isnan(targets[:, label])
        truth = targets[known, label]
        if 0 < truth.sum() < len(truth):
            areas.append(float(roc_auc_score(truth, scores[known, label])))
    return float(np.mean(areas)) if areas else 0.5


def accuracy(targets: NDArray[np.float32], logits: NDArray[np.float32], *, exclusive: bool) -> float:
    """Share of what is known that is answered rightly: of films where labels exclude each other, else of labels at 0.5."""
    truth = np.nan_to_num(targets)
    if exclusive:
        known = truth.max(axis=1) == 1
        right = truth.argmax(axis=1) == logits.argmax(axis=1)
    else:
        known = ~np.isnan(targets)
        right = (truth == 1) == (logits > 0)
    return float(right[known].mean()) if known.any() else 0.0
