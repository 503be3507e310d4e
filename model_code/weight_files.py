"""Weights that others publish, as tensors by name. Nothing in a file is ever run."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from model_code.errors import UsageError
from model_code.pickle_document import DocumentError
from model_code.published_pickle import read_tensors


def read_weights(path: Path) -> dict[str, Tensor]:
    """A file of safetensors; a state dict that ``torch.save`` wrote; or a whole network of PyTorch 1.5 or older.

    Raises:
        UsageError: there is no such file, or it is none of these; the message says how to make one that is.
    """
    if not path.is_file():
        raise UsageError(f"there are no weights at '{path}'; give a file of safetensors or a state dict of torch.save")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:  # it raises what it likes at what it cannot read
            return _read_network(path)
    except SafetensorError as error:
        raise UsageError(f"'{path.name}' is not a whole file of safetensors; copy it again") from error
    except OSError as error:
        raise UsageError(f"'{path.name}' cannot be read ({error.strerror}); change its permissions or copy it again") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) and isinstance(found[name], Tensor) for name in found):
        raise UsageError(f"'{path.name}' holds no state dict (tensors by name); save network.state_dict() and give that")
    return dict(found)


def _read_network(path: Path) -> dict[str, Tensor]:
    try:
        return read_tensors(path)
    except DocumentError as error:
        raise UsageError(
            f"'{path.name}' cannot be read without running what is in it: {error}. Where you trust it, open it with the program "
            "that wrote it, and save its state dict with safetensors.torch.save_file"
        ) from error
