"""``overread import-weights``: a network that others trained, as a bundle, from the weights that they publish.

TorchXRayVision's DenseNet-121 (Cohen et al., MIDL 2022, arXiv:2111.00595) has our features layer by layer. What differs:

- Its input is (2x / max - 1) * 1024. That is our normalisation of [0, 1] with a mean of 1/2 and a standard deviation of 1/2048.
- It takes the mean over places before its linear layer. The layer being linear, that is the mean of our maps: pooling ``mean``.
- It answers 18 findings in an order of its own. Those of chest14 are taken by name; the others are dropped.
- It then stretches each probability so that its published threshold becomes 0.5 (``op_norm``). That changes no order of films
  and is left out: ``calibrate`` says what a logit means on your films.

It was trained on public data sets, so what it does on their films says little.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save
from torch import Tensor

from model_code import __version__
from model_code.bundle import WEIGHTS, Bundle, create_bundle, open_bundle
from model_code.bundle_info import BundleInfo, DataRecord, InputSpec, TrainingRecord
from model_code.contract import Architecture, Publisher
from model_code.errors import UsageError, unknown
from model_code.files import sha256_of
from model_code.models import Pooling, build_model
from model_code.tasks import CHEST14
from model_code.weight_files import read_weights

SIDE: Final = 224

SUMS: Final = {
    "densenet121-res224-all": "56524913dd16a906422e8d8b66a7a5c46be1d82eb7ac012d8103776f1aa68899",
    "densenet121-res224-pc": "a9148ef62ae4e7a31a9bed8cef22811f39681cd61e4390398936efc6280af521",
}
"""SHA-256 of published files, as its authors' repositories at huggingface.co/torchxrayvision list them; they list no others."""


def import_weights(publisher: Publisher, name: str, *, weights: Path | None, out: Path) -> Bundle:
    """Writes a bundle that still lacks its graph, as ``train`` does.

    Args:
        publisher: whose network it is.
        name: theirs for it, such as ``densenet121-res224-all``.
        weights: the file: as published, or the same tensors as a state dict or as safetensors. None: where the publisher's
            own package keeps it.
        out: the bundle to write.

    Raises:
        UsageError: an unknown name, labels that are not all there, no file, or one that does not hold this network.
    """
    assert publisher is Publisher.TORCHXRAYVISION
    published = _published()
    if name not in published:
        raise unknown(f"network of {publisher}", name, published)
    labels, address = published[name]
    missing = [label for label in CHEST14.labels if label not in labels]
    if missing:
        whole = [other for other, (found, _) in published.items() if set(CHEST14.labels) <= set(found)]
        raise UsageError(f"'{name}' does not answer {', '.join(missing)}; those that answer all of chest14: {', '.join(whole)}")
    path = weights or _cached(address)
    if not path.is_file():
        raise UsageError(_where_to_get(name, address, path))
    _check_sum(name, address, path)
    tensors = _ours(read_weights(path), labels, path)
    content = save(tensors)
    info = BundleInfo(
        schema="overread.bundle/1",
        name=f"{CHEST14.task}-{publisher}-{name}",
        version=f"{__version__}+{hashlib.sha256(content).hexdigest()[:8]}",
        code_version=__version__,
        task=CHEST14.task,
        labels=CHEST14.labels,
        input=InputSpec(side=SIDE),
        data=DataRecord(manifest_sha256="", films={}, phantoms=False),
        training=TrainingRecord(
            config={
                "architecture": Architecture.DENSENET121.value,
                "output_stride": 32,
                "image_size": SIDE,
                "pooling": Pooling.MEAN.value,
                "source": f"{publisher} {name}",
                "source_sha256": sha256_of(path),
            },
            epochs=[],
            best_epoch=0,
            torch=str(torch.__version__),
        ),
    )
    with create_bundle(out, info) as draft:
        (draft.folder / WEIGHTS).write_bytes(content)
    return open_bundle(out)


def _published() -> dict[str, tuple[Sequence[str], str]]:
    """TorchXRayVision's own table: labels in the order of the scores, and address, by name."""
    try:
        with warnings.catch_warnings():  # its import switches all warnings off
            from torchxrayvision.models import model_urls
    except ModuleNotFoundError:
        raise UsageError("torchxrayvision is not installed; run: pip install 'overread[train]'") from None
    densenets = (name for name in model_urls if name.startswith("densenet121-res224-"))
    return {name: (model_urls[name]["labels"], model_urls[name]["weights_url"]) for name in densenets}


def _cached(address: str) -> Path:
    """Where the package keeps a file that it has downloaded."""
    return Path(os.path.expanduser("~/.torchxrayvision/models_data")) / address.rpartition("/")[2]  # noqa: PTH111


def _where_to_get(name: str, address: str, path: Path) -> str:
    expected = f", sha256 {SUMS[name]}" if name in SUMS else ""
    return (
        f"there are no weights at '{path}'; download them (28 MB{expected}) and run this again: "
        f"curl --location --create-dirs --output '{path}' {address}"
    )


def _check_sum(name: str, address: str, path: Path) -> None:
    """A file under its published name must be the published one."""
    if path.name == address.rpartition("/")[2] and name in SUMS and sha256_of(path) != SUMS[name]:
        raise UsageError(f"'{path.name}' is not the file that was published: its sha256 is not {SUMS[name]}; download it again")


def _ours(tensors: dict[str, Tensor], labels: Sequence[str], path: Path) -> dict[str, Tensor]:
    """Their state dict as our classifier's."""
    model = build_model(Architecture.DENSENET121.value, len(CHEST14.labels), 32)
    try:
        rows = torch.tensor([labels.index(label) for label in CHEST14.labels])
        state = {name: tensor for name, tensor in tensors.items() if name.startswith("features.")}
        state["head.weight"] = tensors["classifier.weight"][rows][:, :, None, None]
        state["head.bias"] = tensors["classifier.bias"][rows]
        state["mean"], state["std"] = torch.tensor(1 / 2), torch.tensor(1 / 2048)
        model.load_state_dict(state)
    except (KeyError, IndexError, RuntimeError) as error:
        first = str(error).splitlines()[-1].strip()
        raise UsageError(f"'{path.name}' does not hold a DenseNet-121 of {len(labels)} labels: {first}") from error
    return {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
