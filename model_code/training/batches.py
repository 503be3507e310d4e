"""Which films make up which step, and getting them to the device while the step before still runs."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model_code.errors import ManifestError

T = TypeVar("T")

AHEAD: Final = 3
"""Parts of batches that are read before they are asked for."""


class Films(Protocol):
    """Pictures by row, wherever they lie: (N, channels, side, side) uint8."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]: ...


class Part(NamedTuple):
    """What goes through the network at once."""

    films: Tensor
    """(n, channels, side, side) uint8, on the device."""
    targets: Tensor
    """(n, K) float32, on the device: 1, 0, or NaN for unknown."""
    number: int
    """Which part of its batch it is, over all processes."""


def seed_of(*place: int) -> int:
    """The seed of everything random at a place of a run: (seed, epoch), or (seed, epoch, step, part)."""
    return int.from_bytes(hashlib.sha256(repr(place).encode()).digest()[:8], "big") >> 1


def plan(targets: Tensor, *, batch_size: int, parts: int, balance: float, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """The rows of every step of an epoch; (seed, epoch) alone decide. A rest that is too small for batch norm is left out.

    Args:
        targets: (N, K) of the training films.
        batch_size: films of a step.
        parts: into which each batch is cut; batch norm needs two films in each.
        balance: how far films with rare labels are drawn more often (see ``rarity``); 0 takes every film once.
        seed: of the run.
        epoch: from 1.

    Raises:
        ManifestError: there are too few films for one step.
    """
    generator = torch.Generator().manual_seed(seed_of(seed, epoch))
    if balance:
        order = torch.multinomial(rarity(targets) ** balance, len(targets), replacement=True, generator=generator)
    else:
        order = torch.randperm(len(targets), generator=generator)
    steps = [rows.numpy() for rows in torch.split(order, batch_size) if len(rows) >= 2 * parts]
    if not steps:
        raise ManifestError(f"there are {len(targets)} training films; a step in {parts} parts needs {2 * parts} at least")
    return steps


def rarity(targets: Tensor) -> Tensor:
    """One over how many films share a film's rarest label (or share that they have none), (N,) float64."""
    present = targets.nan_to_num() == 1
    labels = torch.cat([present, ~present.any(dim=1, keepdim=True)], dim=1).double()
    counts = labels.sum(dim=0).clamp(min=1)
    return (labels / counts).amax(dim=1)


def parts_of(
    films: Films, targets: Tensor, steps: Iterable[NDArray[np.int64]], *, parts: int, mine: slice, device: torch.device
) -> Iterator[list[Part]]:
    """This process's parts of each step, read ahead of time.

    Args:
        films: of the split.
        targets: (N, K) of the split, on the processor.
        steps: the rows of each.
        parts: into which a batch is cut, over all processes.
        mine: which of them are this process's.
        device: where they go.
    """

    def read(rows: NDArray[np.int64]) -> list[Part]:
        cut = list(enumerate(np.array_split(rows, parts)))[mine]
        return [Part(to_device(films[part], device), targets[torch.from_numpy(part)].to(device), number) for number, part in cut]

    return in_advance(partial(read, rows) for rows in steps)


def to_device(pixels: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Bytes to the device; to a GPU without waiting for it."""
    tensor = torch.from_numpy(pixels)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def in_advance(jobs: Iterable[Callable[[], T]], ahead: int = AHEAD) -> Iterator[T]:
    """Does jobs in another thread, some before their results are asked for; results come in order."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[T]] = deque()
        for job in jobs:
            waiting.append(pool.submit(job))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def chunks(count: int, size: int) -> Sequence[NDArray[np.int64]]:
    """The rows 0 to ``count`` in pieces of at most ``size``."""
    return [np.arange(start, min(start + size, count)) for start in range(0, count, size)]
