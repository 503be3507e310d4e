"""TorchXRayVision's network as a bundle: the same probabilities, from the file as it is published; whatever else is refused."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from model_code.bundle import open_bundle
from model_code.contract import Precision, Publisher, Runtime
from model_code.data.films import load_films
from model_code.data.manifest import read_manifest
from model_code.errors import UsageError
from model_code.export import load_network, some, write_graph
from model_code.graph import OUTPUTS, Scores
from model_code.import_weights import import_weights
from model_code.runtimes import open_session
from model_code.tasks import CHEST14
from tests.cli import error_line, overread

ALL = "densenet121-res224-all"


@pytest.fixture(scope="module")
def xrv() -> Any:
    with warnings.catch_warnings():
        import torchxrayvision
    return torchxrayvision


@pytest.fixture(scope="module")
def films(data: Path) -> Tensor:
    """(6, 1, 64, 64) uint8: smaller than its 224 pixels, since the network takes any size and tests take time."""
    rows = some(read_manifest(data, CHEST14).split("val"), 6)
    return torch.from_numpy(load_films(rows, 64, "films", channels=1))


@pytest.fixture(scope="module")
def theirs(xrv: Any, films: Tensor) -> torch.nn.Module:
    """Their module with random weights, and batch norms that have seen films, so that its scores are neither 0 nor 1."""
    torch.manual_seed(3)
    network = xrv.models.DenseNet(weights=None)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None
    with torch.no_grad():
        network(in_their_range(films))
        network.classifier.weight *= 4
    network.eval()
    assert isinstance(network, torch.nn.Module)
    return network


@pytest.fixture(scope="module")
def published(theirs: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole pickled network in the format of PyTorch 1.5, as their releases are."""
    path = tmp_path_factory.mktemp("published") / "network.pt"
    torch.save(theirs, path, _use_new_zipfile_serialization=False)
    return path


@pytest.fixture(scope="module")
def imported(published: Path) -> Path:
    out = published.with_name("bundle")
    import_weights(Publisher.TORCHXRAYVISION, ALL, weights=published, out=out)
    return out


def in_their_range(films: Tensor) -> Tensor:
    """As their ``datasets.normalize`` does: (2x / max - 1) * 1024."""
    return (2 * films.float() / 255 - 1) * 1024


@torch.no_grad()
def probabilities(network: torch.nn.Module, films: Tensor, labels: list[str]) -> np.ndarray[Any, Any]:
    rows = [labels.index(label) for label in CHEST14.labels]
    return np.asarray(torch.sigmoid(network(in_their_range(films)))[:, rows])


def test_its_probabilities_are_theirs(imported: Path, xrv: Any, theirs: torch.nn.Module, films: Tensor) -> None:
    expected = probabilities(theirs, films, xrv.models.model_urls[ALL]["labels"])

    with torch.no_grad():
        ours = torch.sigmoid(load_network(open_bundle(imported))(films.float() / 255).logits).numpy()

    assert expected.std() > 0.05  # it says different things of different films
    assert np.abs(ours - expected).max() <= 1e-5


def test_their_display_scale_is_a_stretch_of_ours(imported: Path, xrv: Any, theirs: Any, films: Tensor) -> None:
    """What they leave a user with (``op_norm``) follows from our probabilities and their published thresholds."""
    table = xrv.models.model_urls[ALL]
    rows = [table["labels"].index(label) for label in CHEST14.labels]
    thresholds = torch.tensor(table["op_threshs"])
    theirs.op_threshs = thresholds
    try:
        with torch.no_grad():
            expected = theirs(in_their_range(films))[:, rows]
            ours = torch.sigmoid(load_network(open_bundle(imported))(films.float() / 255).logits)
    finally:
        theirs.op_threshs = None

    # dividing by a small threshold makes a difference larger
    assert torch.allclose(xrv.models.op_norm(ours, thresholds[rows]), expected, atol=1e-5 / float(thresholds.min()))


def test_its_graph_says_the_same(imported: Path, xrv: Any, theirs: torch.nn.Module, films: Tensor, tmp_path: Path) -> None:
    write_graph(load_network(open_bundle(imported)), films.shape[-1], tmp_path / "model.onnx")

    session = open_session(tmp_path / "model.onnx", Runtime.ONNXRUNTIME, Precision.FLOAT32, outputs=OUTPUTS)
    logits = Scores(*session.run(films.numpy())).logits
    expected = probabilities(theirs, films, xrv.models.model_urls[ALL]["labels"])
    assert np.abs(1 / (1 + np.exp(-logits)) - expected).max() <= 1e-5


def test_the_bundle_says_where_it_is_from(imported: Path) -> None:
    bundle = open_bundle(imported)

    assert bundle.info.labels == CHEST14.labels
    assert bundle.info.training.config["pooling"] == "mean"
    assert f"Trained elsewhere: torchxrayvision {ALL}" in (imported / "MODEL_CARD.md").read_text()
    assert "Kept epoch" not in (imported / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize("kind", ["state dict", "safetensors"])
def test_the_same_tensors_in_other_files_give_the_same_weights(
    kind: str, imported: Path, theirs: torch.nn.Module, tmp_path: Path
) -> None:
    path = tmp_path / ("weights.pt" if kind == "state dict" else "weights.safetensors")
    state = {name: tensor.contiguous() for name, tensor in theirs.state_dict().items()}
    torch.save(state, path) if kind == "state dict" else save_file(state, path)

    again = import_weights(Publisher.TORCHXRAYVISION, ALL, weights=path, out=tmp_path / "bundle")

    assert again.info.version == open_bundle(imported).info.version  # its last part is a hash of the weights


def test_the_command_needs_no_file_that_is_where_their_package_keeps_it(published: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    cache = home / ".torchxrayvision" / "models_data"
    cache.mkdir(parents=True)
    (cache / "nih-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt").symlink_to(published)
    before = os.environ.get("HOME")
    os.environ["HOME"] = str(home)
    try:
        done = overread("import-weights", "torchxrayvision", "densenet121-res224-nih", "--out", tmp_path / "bundle")
    finally:
        os.environ["HOME"] = before or ""

    assert done.returncode == 0, done.stderr
    assert "14 labels from torchxrayvision densenet121-res224-nih" in done.stdout


def test_a_file_under_its_published_name_must_be_the_published_one(published: Path, tmp_path: Path) -> None:
    path = tmp_path / "nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt"
    path.symlink_to(published)

    with pytest.raises(UsageError, match="is not the file that was published: its sha256 is not 56524913dd16"):
        import_weights(Publisher.TORCHXRAYVISION, ALL, weights=path, out=tmp_path / "bundle")


def test_a_network_without_all_labels_is_refused_with_those_that_have_them(tmp_path: Path) -> None:
    done = overread("import-weights", "torchxrayvision", "densenet121-res224-rsna", "--out", tmp_path / "bundle")

    assert done.returncode == 2
    assert "does not answer Atelectasis, " in error_line(done) and f"all of chest14: {ALL}" in error_line(done)


def test_an_unknown_name_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"unknown network of torchxrayvision 'best'; choose one of: {ALL}, "):
        import_weights(Publisher.TORCHXRAYVISION, "best", weights=None, out=tmp_path / "bundle")


def test_without_the_file_it_says_where_it_can_be_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(UsageError, match=r"28 MB, sha256 56524913.*curl .* https://github.com/mlmed/torchxrayvision/"):
        import_weights(Publisher.TORCHXRAYVISION, ALL, weights=None, out=tmp_path / "bundle")


def test_another_network_is_refused(theirs: torch.nn.Module, tmp_path: Path) -> None:
    state = {name: tensor.contiguous() for name, tensor in theirs.state_dict().items()}
    del state["features.norm5.weight"]
    save_file(state, tmp_path / "less.safetensors")

    with pytest.raises(UsageError, match=r"'less.safetensors' does not hold a DenseNet-121 of 18 labels: .*norm5.weight"):
        import_weights(Publisher.TORCHXRAYVISION, ALL, weights=tmp_path / "less.safetensors", out=tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
