"""One run on several processes, as ``torchrun`` (or SageMaker's ``torch_distributed``) starts them: alone where nobody did."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from model_code.cpus import usable_cpus
from model_code.errors import OverreadError
from model_code.progress import console

PATIENCE: Final = timedelta(hours=4)
"""How long processes wait for the one that cuts shards. That one of them died, ``torchrun`` sees at once."""
SETTLING: Final = 1.0
"""Seconds that the group's threads have to end; they need milliseconds."""


@dataclass(frozen=True)
class Crew:
    """The processes of a run, seen from one of them. ``torchrun`` tells each its place by environment variables."""

    rank: int
    size: int
    device: torch.device
    local_rank: int = 0
    """Which of its machine's processes it is."""

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    @property
    def leads_here(self) -> bool:
        """Whether this process is the one that writes what each machine must have on its own disk."""
        return self.local_rank == 0

    def whole(self, model: nn.Module) -> nn.Module:
        """The network whose gradients are the mean over all processes.

        Batch norm's running values stay each process's own until ``share_buffers``.
        """
        if self.size == 1:
            return model
        own = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=own, forward_sync_buffers=False)

    def alone(self, network: nn.Module, *, while_: bool) -> AbstractContextManager[None]:
        """A context in which gradients only add up here, for all parts of a batch but the last."""
        if while_ and isinstance(network, DistributedDataParallel):
            return network.no_sync()
        return nullcontext()

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, in place."""
        if self.size > 1:
            distributed.all_reduce(values)
        return values

    def any(self, here: bool) -> bool:
        """Whether something is so on any of the processes."""
        return here if self.size == 1 else bool(self.sum(torch.tensor(float(here), device=self.device)).item())

    def share_buffers(self, model: nn.Module) -> None:
        """Gives every process the mean of all processes' running values."""
        if self.size > 1:
            for buffer in model.buffers():
                if buffer.is_floating_point():
                    self.sum(buffer).div_(self.size)

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            distributed.barrier()

    def agree(self, *numbers: int) -> None:
        """Checks that all processes stand at the same place.

        Raises:
            OverreadError: they do not, since they do not see the same checkpoints.
        """
        here = torch.tensor(numbers, dtype=torch.int64, device=self.device)
        if not torch.equal(self.sum(here.clone()), here * self.size):
            raise OverreadError("the processes found different checkpoints; give all of them the same folder, or an empty one")


@contextmanager
def joined() -> Iterator[Crew]:
    """Joins the other processes of this run, on its own GPU where there are any, and leaves them at the end."""
    size, rank, local = (int(os.environ.get(name, default)) for name, default in _PLACE)
    gpu = torch.cuda.is_available()
    device = torch.device("cuda", local) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    console.quiet = rank > 0
    torch.set_num_threads(max(1, usable_cpus() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))
    if size == 1:
        yield Crew(0, 1, device)
        return
    distributed.init_process_group("nccl" if gpu else "gloo", timeout=PATIENCE)
    try:
        yield Crew(rank, size, device, local)
    finally:
        # The group's threads let go of tensors that Python knows, for which they need Python's lock. Who ends the group or the
        # process with that lock in hand waits for them without end, or aborts; asleep, one does not hold it.
        time.sleep(SETTLING)
        distributed.destroy_process_group()


_PLACE: Final = (("WORLD_SIZE", "1"), ("RANK", "0"), ("LOCAL_RANK", "0"))
