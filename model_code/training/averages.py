"""The moving average of the weights: smoother than any one step's, and often better on films not seen."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class MovingAverage:
    """A copy of a network whose weights follow it slowly (Polyak averaging).

    The decay grows with the steps, min(decay, (1 + n) / (10 + n)), so that the random start is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def follow(self, model: nn.Module) -> None:
        """Moves towards the network as it now is; counters are copied."""
        self.steps += 1
        share = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        mine: list[Tensor] = []
        theirs: list[Tensor] = []
        for own, other in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if own.is_floating_point():
                mine.append(own)
                theirs.append(other)
            else:
                own.copy_(other)
        torch._foreach_lerp_(mine, theirs, share)
