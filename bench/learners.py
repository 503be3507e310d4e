"""What ``bench.train`` measures: learners as ``overread train`` has them, on films of noise; their speed and the loader's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from model_code.data.shards import Shards, shard_side, write_shard
from model_code.tasks import task_spec
from model_code.training.augment import unchanged
from model_code.training.batches import Part, parts_of, plan
from model_code.training.config import TrainConfig
from model_code.training.course import network_of
from model_code.training.distributed import Crew
from model_code.training.learner import Learner
from model_code.training.losses import make_loss

FILMS: Final = 512


@dataclass
class Variant:
    """One way of training, and what its rounds took."""

    precision: str
    loader: bool
    learner: Learner
    steps: Iterator[list[Part]]
    flops: int
    """Operations for one film, forwards and backwards."""
    rates: list[float] = field(default_factory=list)

    @property
    def films_a_second(self) -> float:
        return float(np.median(self.rates))


@dataclass(frozen=True)
class Data:
    """Pictures of noise in a real shard, and labels drawn at random: what they show costs nothing."""

    films: Shards
    targets: Tensor
    """(FILMS, K)."""


def drawn(folder: Path, config: TrainConfig) -> Data:
    """Data of a configuration's task and size, in a new shard."""
    spec, side = task_spec(config.task), shard_side(config.image_size)
    draw = np.random.default_rng(0)
    pictures = [draw.integers(0, 256, (spec.channels, side, side), dtype=np.uint8) for _ in range(FILMS)]
    write_shard(folder / "train-00000", pictures, map(str, range(FILMS)))
    labels = len(spec.labels)
    if spec.exclusive:
        targets = torch.eye(labels)[draw.permutation(FILMS) % labels]
    else:
        targets = torch.from_numpy(draw.integers(0, 2, (FILMS, labels))).float()
    return Data(Shards([folder / "train-00000.npy"], np.zeros(FILMS, np.int64), np.arange(FILMS)), targets)


def operations_per_film(config: TrainConfig) -> int:
    """Additions and multiplications for one film, forwards and backwards; nothing is computed for it."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counted:
        model = network_of(config).eval()
        model(torch.zeros(1, model.channels, config.image_size, config.image_size))
    return 3 * int(counted.get_total_flops())


def batches(config: TrainConfig, data: Data, crew: Crew) -> Iterator[list[Part]]:
    """Steps without end, as ``train`` reads them."""
    for epoch in count(1):
        rows = plan(data.targets, batch_size=config.batch_size, parts=1, balance=config.balance, seed=0, epoch=epoch)
        yield from parts_of(data.films, data.targets, rows, parts=1, mine=slice(None), device=crew.device)


def prepared(config: TrainConfig, precision: str, loader: bool, data: Data, crew: Crew) -> Variant:
    """A learner that has warmed up, its arithmetic counted."""
    settings = replace(config, precision=precision, augmentation=config.augmentation if loader else "none")
    loss = make_loss(config.loss, data.targets, exclusive=task_spec(config.task).exclusive)
    learner = Learner(settings, network_of(config), loss, crew)
    steps = batches(config, data, crew)
    if not loader:
        first = next(steps)[0]
        small = (unchanged(first.films, config.image_size) * 255).to(torch.uint8)
        steps = iter(lambda: [first._replace(films=small)], None)
    variant = Variant(precision, loader, learner, steps, operations_per_film(config))
    for _ in range(2):
        step(variant)
    return variant


def reading(config: TrainConfig, data: Data, crew: Crew) -> float:
    """Films a second that the loader alone brings to the device: no network learns faster than that."""
    steps, rates = batches(config, data, crew), []
    for _ in range(4):
        started = time.perf_counter()
        films = sum(len(part.films) for _ in range(max(1, FILMS // config.batch_size)) for part in next(steps))
        settle(crew)
        rates.append(films / (time.perf_counter() - started))
    return float(np.median(rates))


def step(variant: Variant) -> None:
    parts = next(variant.steps)
    variant.learner.step(parts, parts[0].targets.cpu(), place=(1, 0), progress=0.5)


def measure(variant: Variant, batch: int, seconds: float) -> float:
    """Films a second over whole steps."""
    settle(variant.learner.crew)
    started, done = time.perf_counter(), 0
    while done < 2 or time.perf_counter() - started < seconds:
        step(variant)
        done += 1
    settle(variant.learner.crew)
    return done * batch / (time.perf_counter() - started)


def settle(crew: Crew) -> None:
    if crew.device.type == "cuda":
        torch.cuda.synchronize(crew.device)
