"""Checkpoints without pickle: tensors as safetensors, everything else as JSON in the same file's metadata.

One file holds one consistent state and gets its name only when it is whole and on the disk, so a run that is killed at any point
finds the state before or the state after. The two newest are kept: where the newest cannot be read, the one before it goes on.
No state of a random generator is in it: everything random is drawn from the seed and the place in the run, and the place is.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from model_code.errors import OverreadError, UsageError
from model_code.files import atomic_file, locked
from model_code.models import Classifier
from model_code.progress import console
from model_code.training.epochs import Epoch
from model_code.training.learner import Learner

KEPT: Final = 2
DAMAGED: Final = (SafetensorError, KeyError, TypeError, ValueError, OSError, RuntimeError)
"""What reading a file that is not whole can raise."""


@dataclass
class Place:
    """How far a run is: so many steps of an epoch are done."""

    epoch: int = 1
    step: int = 0
    losses: list[float | Tensor] = field(default_factory=list)
    """Of the steps of this epoch."""
    seconds: float = 0.0
    """That this epoch has taken."""
    history: list[Epoch] = field(default_factory=list)
    """The epochs before."""
    best: int = 0
    """The best of them; 0 before there is one."""

    @property
    def mean_loss(self) -> float:
        """Over the steps of this epoch."""
        self.settle()
        return math.fsum(map(float, self.losses)) / len(self.losses)

    def settle(self) -> None:
        """Fetches losses that are still on a GPU; until then it need not be waited for."""
        self.losses = [float(loss) for loss in self.losses]

    def after_step(self, loss: Tensor, seconds: float) -> None:
        """One step more is done; ``seconds`` is what the epoch has taken."""
        self.losses.append(loss)
        self.step += 1
        self.seconds = seconds

    def next_epoch(self, epoch: Epoch, select: str) -> Place:
        """The start of the next epoch, when this one has given these figures; ``select`` says which is the best so far."""
        history = [*self.history, epoch]
        return Place(self.epoch + 1, history=history, best=max(history, key=lambda done: done.rank(select)).epoch)

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Place:
        """From what ``asdict`` made of one."""
        return cls(**{**stored, "history": [Epoch(**done) for done in stored["history"]]})


class Checkpoints:
    """A folder with the states of one run."""

    def __init__(self, folder: Path, run: dict[str, Any]) -> None:
        """``run`` is what a state must agree in with the run that goes on from it: configuration, data, code."""
        self.folder, self.run = folder, run

    def held(self, *, leads: bool) -> AbstractContextManager[None]:
        """A context in which no other run uses the folder; of several processes the one that writes holds it.

        Raises:
            OverreadError: another run uses it, or it cannot be written.
        """
        taken = f"another run uses the checkpoints in '{self.folder}'; wait for it, or choose another --checkpoints"
        return locked(self.folder, taken=taken) if leads else nullcontext()

    def save(self, learner: Learner, place: Place) -> None:
        """Writes the whole state, and then removes what is older than the one before it."""
        tensors = {f"model.{name}": tensor for name, tensor in learner.model.state_dict().items()}
        if learner.average:
            tensors |= {f"average.{name}": tensor for name, tensor in learner.average.model.state_dict().items()}
        for index, slot in learner.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in slot.items()}
        steps = learner.average.steps if learner.average else 0
        metadata = {"run": self.run, "place": asdict(place), "scaler": learner.scaler.state_dict(), "averaged": steps}
        target = self.folder / f"state-{place.epoch:04}-{place.step:07}.safetensors"
        _write(target, tensors, {name: json.dumps(value) for name, value in metadata.items()})
        self._tidy(target)

    def save_best(self, epoch: int, model: Classifier) -> None:
        """Writes the weights of the best epoch so far."""
        _write(self._best(epoch), dict(model.state_dict()), {})

    def load_best(self, epoch: int, model: Classifier) -> None:
        """Puts the best epoch's weights into the model.

        Raises:
            UsageError: they are missing or damaged.
        """
        path = self._best(epoch)
        try:
            model.load_state_dict(load_file(path))
        except DAMAGED as error:
            text = f"'{path}' is missing or damaged; delete the checkpoints in '{self.folder}' and train again"
            raise UsageError(text) from error

    def resume(self, learner: Learner) -> Place:
        """Puts the newest whole state, if there is one, into the learner; returns where the run stands.

        Raises:
            UsageError: the folder holds another run's state.
        """
        for path in self._states():
            try:
                with safe_open(path, "pt") as stored:
                    metadata = {name: json.loads(text) for name, text in stored.metadata().items()}
                    tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
                place = Place.of(metadata["place"])
                self._check(path, metadata["run"])
                if place.best and not _whole(self._best(place.best)):
                    raise ValueError("its best epoch is missing")
            except (*DAMAGED, AttributeError):
                console.print(f"the checkpoint '{path.name}' is not whole and was passed over", soft_wrap=True)
                continue
            _restore(learner, tensors, metadata)
            return place
        return Place()

    def clear_leftovers(self) -> None:
        """Removes what a killed run was still writing; safetensors writes into a file of its own before ours."""
        for name in (".state-*", ".best-*", ".tmp??????"):
            for path in self.folder.glob(name):
                path.unlink(missing_ok=True)

    def _check(self, path: Path, run: dict[str, Any]) -> None:
        if run != self.run:
            differing = ", ".join(sorted(key for key in {*run, *self.run} if run.get(key) != self.run.get(key)))
            raise UsageError(f"'{path}' belongs to a run that differs in {differing}; delete it or choose another --checkpoints")

    def _states(self) -> list[Path]:
        """Newest first; the names sort by place."""
        return sorted(self.folder.glob("state-*.safetensors"), reverse=True)

    def _best(self, epoch: int) -> Path:
        return self.folder / f"best-{epoch:04}.safetensors"

    def _tidy(self, newest: Path) -> None:
        """Keeps this state and the one before it, and the best weights that they name; what has a later name was not whole."""
        kept = [path for path in self._states() if path.name <= newest.name][:KEPT]
        for path in {*self._states()} - {*kept}:
            path.unlink(missing_ok=True)
        named = {f"best-{_best_in(path):04}.safetensors" for path in kept}
        for path in self.folder.glob("best-*.safetensors"):
            if path.name not in named:
                path.unlink(missing_ok=True)


def _write(target: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    try:
        with atomic_file(target) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, metadata=metadata)
            with temporary.open("rb") as written:
                os.fsync(written.fileno())  # a name must not outlive its content when power fails
    except (OSError, SafetensorError) as error:
        size = sum(tensor.nbytes for tensor in tensors.values()) / 1e6
        raise OverreadError(
            f"a checkpoint of {size:.0f} MB cannot be written to '{target.parent}' ({error}); the one before it is kept: make "
            "room and run the same again"
        ) from error


def _whole(path: Path) -> bool:
    """Whether a file is as long as its header says; the reader checks that."""
    with safe_open(path, "pt"):
        return True


def _best_in(path: Path) -> int:
    """Which best weights a state names; 0 where it cannot be read."""
    try:
        with safe_open(path, "pt") as stored:
            return int(json.loads(stored.metadata()["place"])["best"])
    except (*DAMAGED, AttributeError):
        return 0


def _restore(learner: Learner, tensors: dict[str, Tensor], metadata: dict[str, Any]) -> None:
    def below(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}

    learner.model.load_state_dict(below("model."))
    if learner.average:
        learner.average.model.load_state_dict(below("average."))
        learner.average.steps = int(metadata["averaged"])
    if metadata["scaler"]:
        learner.scaler.load_state_dict(metadata["scaler"])
    parameters = [parameter for group in learner.optimizer.param_groups for parameter in group["params"]]
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in below("optimizer.").items():
        index, slot = name.split(".")
        parameter = parameters[int(index)]
        if tensor.shape == parameter.shape:  # laid out in memory as its parameter, which the fused optimizer relies on
            tensor = torch.empty_like(parameter).copy_(tensor)
        slots.setdefault(int(index), {})[slot] = tensor
    groups = learner.optimizer.state_dict()["param_groups"]
    learner.optimizer.load_state_dict({"state": slots, "param_groups": groups})
