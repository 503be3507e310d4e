"""The network and all that changes with it while it learns, and one step of that."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import torch
from torch import Tensor

from model_code.errors import UsageError
from model_code.models import Classifier
from model_code.training.augment import make_augment
from model_code.training.averages import MovingAverage
from model_code.training.batches import Part, seed_of
from model_code.training.config import TrainConfig
from model_code.training.distributed import Crew
from model_code.training.losses import Loss
from model_code.training.schedule import share_of_peak

PRECISIONS: Final = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Learner:
    """Network, optimizer, loss scale and moving average. All of it is what a checkpoint holds."""

    def __init__(self, config: TrainConfig, model: Classifier, loss: Loss, crew: Crew) -> None:
        """Moves the network to the crew's device.

        Raises:
            UsageError: the device cannot compute in the wanted precision.
        """
        self.config, self.loss, self.crew = config, loss, crew
        self.precision = precision_on(crew.device, config.precision)
        self.model = model.to(crew.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.scaler = torch.amp.GradScaler(crew.device.type, enabled=self.precision is torch.float16)
        self.average = MovingAverage(self.model, config.average) if config.average else None
        self.augment = make_augment(config.augmentation, self.model.channels)
        compiled: Any = torch.compile(self.model) if config.compile else self.model
        self.network = crew.whole(compiled)

    @property
    def best_guess(self) -> Classifier:
        """The network that is validated and kept."""
        return self.average.model if self.average else self.model  # type: ignore[return-value]

    def step(self, parts: Sequence[Part], truth: Tensor, *, place: tuple[int, int], progress: float) -> Tensor:
        """One step of the optimizer; returns the batch's mean loss, on the device.

        Args:
            parts: of the batch, those of this process.
            truth: targets of the whole batch, over all processes.
            place: epoch and step, which with the seed decide everything random.
            progress: how much of the run is done, 0 to 1.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = share_of_peak(progress, self.config.warm_up) * self.config.learning_rate
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        weight = self.loss(torch.zeros_like(truth), truth).weight.clamp(min=1e-12).to(self.crew.device)
        total = torch.zeros((), device=self.crew.device)
        for index, part in enumerate(parts):
            with self.crew.alone(self.network, while_=index < len(parts) - 1):
                loss = self.loss_of(part, place) / weight
                # the mean over processes of what each one's parts add to the batch's mean, so their number times that
                self.scaler.scale(loss * self.crew.size).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.average:
            self.average.follow(self.model)
        return self.crew.sum(total)

    def share_buffers(self) -> None:
        """Gives every process the same running values of batch norm, before they are used."""
        # in the same order on every process, or the network's values would be mixed with the average's
        for model in (self.model, self.average.model) if self.average else (self.model,):
            self.crew.share_buffers(model)

    def loss_of(self, part: Part, place: tuple[int, int]) -> Tensor:
        """The summed loss of one part, changed at random as (seed, epoch, step, part) decide."""
        seed = seed_of(self.config.seed, *place, part.number)
        torch.manual_seed(seed)  # some networks drop layers at random
        generator = torch.Generator(self.crew.device).manual_seed(seed)
        with torch.no_grad():
            films = self.augment(part.films, self.config.image_size, generator)
        with self.autocast():
            outputs = self.network(films.contiguous(memory_format=torch.channels_last))
        return self.loss(outputs.logits.float(), part.targets).total

    def autocast(self) -> AbstractContextManager[Any]:
        """In which the network computes in the run's precision."""
        return torch.autocast(self.crew.device.type, dtype=self.precision, enabled=self.precision is not None)


def precision_on(device: torch.device, wanted: str) -> torch.dtype | None:
    """What a device computes in; None is float32.

    Raises:
        UsageError: it cannot do what is wanted.
    """
    gpu = device.type == "cuda"
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False) if gpu else torch.cpu._is_avx512_bf16_supported()
    if wanted == "float32" or (wanted == "auto" and not gpu):
        return None
    if wanted == "auto":
        return torch.bfloat16 if bf16 else torch.float16
    if wanted == "bf16" and not bf16:
        raise UsageError(f"this {'GPU' if gpu else 'processor'} does not compute in bf16; choose --set precision=float32 or auto")
    if wanted == "fp16" and not gpu:
        raise UsageError("fp16 needs a GPU; choose --set precision=float32, bf16 or auto")
    return PRECISIONS[wanted]
