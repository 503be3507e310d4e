"""Checkpoints without pickle: tensors as safetensors, everything else as JSON in the same file's metadata.

One file holds one consistent state, so a rename makes it whole: a run that is killed finds either the old state or the new one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from model_code.errors import UsageError
from model_code.files import atomic_file

STATE: Final = "state.safetensors"
BEST: Final = "best.safetensors"


def save(
    folder: Path, run: dict[str, Any], model: nn.Module, optimizer: torch.optim.Optimizer, history: list[dict[str, Any]]
) -> None:
    """Writes the state after an epoch: weights, optimizer, and the run it belongs to (``run``: configuration and data)."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for index, slot in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in slot.items()}
    with atomic_file(folder / STATE) as temporary:
        save_file(_whole(tensors), temporary, metadata={"run": json.dumps(run), "history": json.dumps(history)})


def save_best(folder: Path, model: nn.Module) -> None:
    """Writes the weights of the best epoch so far."""
    with atomic_file(folder / BEST) as temporary:
        save_file(_whole(model.state_dict()), temporary)


def load_best(folder: Path, model: nn.Module) -> None:
    """Puts the best epoch's weights into the model.

    Raises:
        UsageError: they are missing or damaged.
    """
    path = folder / BEST
    try:
        model.load_state_dict(load_file(path))
    except (FileNotFoundError, SafetensorError) as error:
        raise UsageError(f"'{path}' is missing or damaged; delete the checkpoints in '{folder}' and train again") from error


def resume(folder: Path, run: dict[str, Any], model: nn.Module, optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Puts the saved state, if there is one, into model and optimizer; returns the epochs that are done.

    Raises:
        UsageError: the folder holds another run's checkpoint, or something that is none.
    """
    path = folder / STATE
    if not path.is_file():
        return []
    try:
        with safe_open(path, "pt") as stored:
            metadata = stored.metadata() or {}
        tensors = load_file(path)
        saved_run, history = json.loads(metadata["run"]), json.loads(metadata["history"])
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise UsageError(f"'{path}' is not a checkpoint of this program; delete it or choose another --checkpoints") from error
    if saved_run != run:
        differing = ", ".join(sorted(key for key in run if saved_run.get(key) != run[key]))
        raise UsageError(f"'{path}' belongs to a run that differs in {differing}; delete it or choose another --checkpoints")
    model.load_state_dict({name.removeprefix("model."): t for name, t in tensors.items() if name.startswith("model.")})
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, slot = name.split(".")
            slots.setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict({"state": slots, "param_groups": optimizer.state_dict()["param_groups"]})
    return list(history)


def _whole(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.contiguous() for name, tensor in tensors.items()}
