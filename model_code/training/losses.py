"""What is minimised. A loss adds up over films and labels and says how much counted, so that parts of a batch make a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from model_code.errors import UsageError

EXCLUSIVE: Final = ("cross_entropy", "weighted_cross_entropy")
GAMMA_POSITIVE, GAMMA_NEGATIVE, CLIP = 1.0, 4.0, 0.05
"""Of the asymmetric loss: the values of its authors' code (Ridnik et al., ICCV 2021)."""


class Summed(NamedTuple):
    """A loss that has been added up, and the weight of what counted; their ratio is the mean."""

    total: Tensor
    weight: Tensor

    @property
    def mean(self) -> Tensor:
        """Zero where nothing counted."""
        return self.total / self.weight.clamp(min=1e-12)


Loss = Callable[[Tensor, Tensor], Summed]
"""From logits and targets, both (N, K), to the sum. Targets are 1, 0, or NaN where unknown, which counts nothing."""


def make_loss(name: str, targets: Tensor, *, exclusive: bool) -> Loss:
    """The loss of a run.

    Args:
        name: one of ``CHOICES["loss"]`` of the configuration.
        targets: (N, K) of the training films, from which weights are taken.
        exclusive: whether exactly one label is true of a film.

    Raises:
        UsageError: the loss is not one for such a task.
    """
    if name == "task":
        name = "weighted_cross_entropy" if exclusive else "weighted_bce"
    if (name in EXCLUSIVE) is not exclusive:
        kind, fitting = ("exclude", EXCLUSIVE) if exclusive else ("do not exclude", ("weighted_bce", "asymmetric"))
        raise UsageError(f"the loss '{name}' is not for labels that {kind} each other; choose one of: {', '.join(fitting)}")
    if name == "asymmetric":
        return asymmetric
    if name == "weighted_bce":
        return WeightedBce(positive_weight(targets))
    return CrossEntropy(class_weight(targets) if name == "weighted_cross_entropy" else torch.ones(targets.shape[1]))


def positive_weight(targets: Tensor) -> Tensor:
    """How much more a positive counts than a negative, by label: the square root of their ratio, at most 10."""
    prevalence = torch.nanmean(targets, dim=0).nan_to_num(0.5).clamp(1e-4, 1 - 1e-4)
    return ((1 - prevalence) / prevalence).sqrt().clamp(max=10)


def class_weight(targets: Tensor) -> Tensor:
    """How much a film of a class counts: the square root of the classes' mean count over its own, at most 10."""
    counts = targets.nan_to_num().sum(dim=0).clamp(min=1)
    return (counts.mean() / counts).sqrt().clamp(max=10)


class WeightedBce:
    """Binary cross-entropy over the known labels, positives weighted by label."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight

    def __call__(self, logits: Tensor, targets: Tensor) -> Summed:
        known = ~targets.isnan()
        weight = self.weight.to(logits.device)
        losses = functional.binary_cross_entropy_with_logits(logits, targets.nan_to_num(), pos_weight=weight, reduction="none")
        return Summed((losses * known).sum(), known.sum())


class CrossEntropy:
    """Of the true label, weighted by class; the logits are log odds against the rest, so it is softplus(-logit of the truth)."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight

    def __call__(self, logits: Tensor, targets: Tensor) -> Summed:
        weight = targets.nan_to_num() * self.weight.to(logits.device)
        return Summed((functional.softplus(-logits) * weight).sum(), weight.sum())


def asymmetric(logits: Tensor, targets: Tensor) -> Summed:
    """Asymmetric loss (Ridnik et al., ICCV 2021, equation 7): easy negatives fade, and those below the clip count nothing."""
    known = ~targets.isnan()
    truth = targets.nan_to_num()
    probability = torch.sigmoid(logits)
    absent = (1 - probability + CLIP).clamp(max=1)
    likelihood = truth * probability + (1 - truth) * absent
    gamma = truth * GAMMA_POSITIVE + (1 - truth) * GAMMA_NEGATIVE
    losses = -((1 - likelihood) ** gamma) * likelihood.clamp(min=1e-8).log()
    return Summed((losses * known).sum(), known.sum())
