"""Imports torchvision where its compiled extension does not match the torch that is installed.

Where pip finds a CPU-only torch, the registry's torchvision is still the one built for CUDA: its extension does not load, the
operators ``nms`` and ``qnms`` stay undefined and the import fails, though models and transforms need neither. Naming the two
operators first makes the import work; where the extension loads, nothing is touched. Import torchvision through this module only.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

import torch

_SIGNATURE: Final = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def _extension_loads() -> bool:
    """Tries what torchvision itself does at import: to load ``_C`` into torch's operator registry."""
    package = importlib.util.find_spec("torchvision")
    if package is None or not package.submodule_search_locations:
        return False
    for library in Path(package.submodule_search_locations[0]).glob("_C*.so"):
        try:
            torch.ops.load_library(library)  # type: ignore[no-untyped-call]
        except OSError:
            continue
    return hasattr(torch.ops.torchvision, "nms")


_operators = None
if not _extension_loads():
    # kept in a module variable: the definitions live as long as this object
    _operators = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for _name in ("nms", "qnms"):
        _operators.define(_name + _SIGNATURE)  # type: ignore[no-untyped-call]

import torchvision  # noqa: E402

__all__ = ["torchvision"]
