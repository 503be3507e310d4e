"""Where a network's first weights may come from, beside chance: ImageNet, a file, or a bundle.

Only the backbone is taken over. Its first convolution looks at three colours in what others publish; for grey films the sum over
colours is the same network on three equal channels.
"""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from model_code.bundle import WEIGHTS, open_bundle
from model_code.errors import OverreadError, UsageError
from model_code.files import atomic_file
from model_code.models import Classifier
from model_code.progress import console
from model_code.torchvision_shim import torchvision
from model_code.weight_files import read_weights

IMAGENET: Final = "imagenet"
SECONDS_TO_CONNECT: Final = 20

# our ResNets are sequences of torchvision's parts
_RESNET_PARTS: Final = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
_OLD_DENSENET: Final = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.")


def load_pretrained(model: Classifier, source: str, *, architecture: str) -> bool:
    """Puts the backbone's weights into the model; its head stays as it was drawn. Returns whether the normalisation came too.

    Args:
        model: a new network.
        source: ``imagenet`` (torchvision's best weights for the architecture, downloaded once into torch's cache), a file of
            torchvision's tensors (a state dict or safetensors), or a bundle's folder, which brings its normalisation too.
        architecture: the model's.

    Raises:
        UsageError: there is nothing at that place, or it is not of this architecture; the message names a tensor.
        OverreadError: ImageNet's weights cannot be had from here; the message says how to bring them.
    """
    if source == IMAGENET:
        path = imagenet_file(architecture)
    elif Path(source).is_dir():
        path = open_bundle(Path(source)).folder / WEIGHTS
    else:
        path = Path(source)
    given = {our_name(name): tensor for name, tensor in read_weights(path).items()}
    state = model.state_dict()
    wanted = [name for name in state if name.startswith("features.") or (name in ("mean", "std") and name in given)]
    for name in wanted:
        if name not in given:
            raise UsageError(f"the weights of '{source}' have no '{name}'; they are not of a {architecture}")
        tensor = given[name]
        if tensor.ndim == 4 and tensor.shape[1] == 3 and state[name].shape[1] == 1 and tensor.shape[2:] == state[name].shape[2:]:
            tensor = tensor.sum(dim=1, keepdim=True)
        if tensor.shape != state[name].shape:
            raise UsageError(
                f"the weights of '{source}' have a '{name}' of {_shape(tensor)}, a {architecture} here {_shape(state[name])}; "
                "choose weights of the same architecture"
            )
        state[name] = tensor
    model.load_state_dict(state)
    console.print(f"backbone from {source}: {len(wanted)} tensors")
    return "mean" in wanted


def our_name(name: str) -> str:
    """The name in our networks of a tensor in torchvision's; what ours have not (their classifiers) keeps its own."""
    name = _OLD_DENSENET.sub(r"\1\2.", name)  # as DenseNets were published: norm.1 for norm1
    first, _, rest = name.partition(".")
    return f"features.{_RESNET_PARTS.index(first)}.{rest}" if first in _RESNET_PARTS else name


def imagenet_file(architecture: str) -> Path:
    """torchvision's own file in torch's cache, downloaded where it is not there; its name ends with its hash's first 8 digits.

    Raises:
        OverreadError: it cannot be downloaded, or what came is not it.
    """
    address: str = torchvision.models.get_model_weights(architecture).DEFAULT.url
    path = Path(torch.hub.get_dir()) / "checkpoints" / address.rpartition("/")[2]
    if not path.is_file():
        _download(address, path, architecture)
    start = path.stem.rpartition("-")[2]
    with path.open("rb") as stream:
        if not hashlib.file_digest(stream, "sha256").hexdigest().startswith(start):
            raise OverreadError(f"'{path}' is not what torchvision publishes (its sha256 does not start with {start}); remove it")
    return path


def _download(address: str, path: Path, architecture: str) -> None:
    console.print(f"downloading the ImageNet weights of {architecture} from {address}")
    try:
        with (
            urllib.request.urlopen(address, timeout=SECONDS_TO_CONNECT) as answer,  # noqa: S310 (torchvision's own https address)
            atomic_file(path) as temporary,
            temporary.open("wb") as stream,
        ):
            while chunk := answer.read(2**20):
                stream.write(chunk)
    except (urllib.error.URLError, OSError) as error:
        raise OverreadError(
            f"the ImageNet weights of {architecture} cannot be downloaded here ({type(error).__name__}). On a machine that "
            f"reaches the internet: curl --location --remote-name {address} ; put the file at '{path}', "
            "or name it with --pretrained FILE; or train without --pretrained"
        ) from error


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one value"
