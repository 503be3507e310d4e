"""Tensors out of a whole network that PyTorch 1.5 or older pickled, without unpickling it.

TorchXRayVision publishes its networks so. ``torch.load(weights_only=True)`` refuses such files, since they name the network's
classes; here their pickles are read as documents (``pickle_document``).

The format (``torch/serialization.py``, ``_legacy_save``): five pickles (a magic number, the version, the machine, the network,
the keys of its storages), then each storage as an int64 count and its little-endian values.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model_code.pickle_document import DocumentError, Made, read_document

MAGIC: Final = 0x1950A86A20F9469CFC6C
VERSION: Final = 1001
MAX_BYTES: Final = 2**30
DTYPES: Final = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4"}


class _Place(NamedTuple):
    """Where a tensor lies."""

    storage: tuple[Any, ...]  # "storage", its type, its key, …
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The parameters and buffers of the network in the file, by their dotted names, as ``state_dict`` names them.

    Raises:
        DocumentError: the file is of another format, incomplete, or its tensors are not plain ones.
    """
    if path.stat().st_size > MAX_BYTES:
        raise DocumentError(f"it has {path.stat().st_size} bytes, more than {MAX_BYTES}")
    stream = io.BytesIO(path.read_bytes())
    try:
        if (read_document(stream), read_document(stream)) != (MAGIC, VERSION):
            raise DocumentError("it is not a network saved by PyTorch 1.5 or older")
        read_document(stream)
        network, keys = read_document(stream), read_document(stream)
        places: dict[str, _Place] = {}
        _note_tensors(network, "", places)
        types = {place.storage[2]: place.storage[1].name for place in places.values()}
        storages = {key: _read_storage(stream, types[key]) for key in keys}
        return {name: _tensor(storages[place.storage[2]], place) for name, place in places.items()}
    except DocumentError:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError) as error:
        raise DocumentError(f"it is damaged or of another format ({type(error).__name__})") from error


def _note_tensors(module: Made, prefix: str, places: dict[str, _Place]) -> None:
    for kind in ("_parameters", "_buffers"):
        for name, made in _items(module.state[kind]):
            if made is None:
                continue
            if made.name == "torch._utils._rebuild_parameter":
                made = made.arguments[0]
            if made.name != "torch._utils._rebuild_tensor_v2":
                raise DocumentError(f"its tensor '{prefix}{name}' is not a plain one")
            places[prefix + name] = _Place(*made.arguments[:4])
    for name, child in _items(module.state["_modules"]):
        if child is not None:
            _note_tensors(child, f"{prefix}{name}.", places)


def _items(mapping: Made | dict[str, Any]) -> list[tuple[str, Any]]:
    """Of a dictionary, or of an ordered one, as PyTorch keeps them in its modules."""
    return list((mapping.items if isinstance(mapping, Made) else mapping).items())


def _read_storage(stream: BinaryIO, kind: str) -> NDArray[Any]:
    dtype = np.dtype(DTYPES[kind.rpartition(".")[2]])
    count = int(np.frombuffer(stream.read(8), "<i8")[0])
    if not 0 <= count * dtype.itemsize <= MAX_BYTES:
        raise DocumentError(f"it names a storage of {count} values")
    return np.frombuffer(stream.read(count * dtype.itemsize), dtype, count)


def _tensor(storage: NDArray[Any], place: _Place) -> Tensor:
    """As torch would lay it out; torch refuses what reaches outside of the storage."""
    return torch.from_numpy(storage.copy()).as_strided(tuple(place.shape), tuple(place.strides), place.offset).clone()
