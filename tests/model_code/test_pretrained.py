"""First weights from elsewhere: the same features as torchvision's own network, and one line where they cannot be had."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from model_code.bundle import open_bundle
from model_code.contract import Architecture
from model_code.errors import OverreadError, UsageError
from model_code.export import load_network
from model_code.models import Classifier, build_model
from model_code.pretrained import imagenet_file, load_pretrained, our_name
from model_code.torchvision_shim import torchvision
from tests.conftest import Line

SEEN = (Architecture.DENSENET121, Architecture.RESNET18, Architecture.EFFICIENTNET_B0, Architecture.MOBILENET_V2)
"""One of each family."""


def network(architecture: str) -> nn.Module:
    torch.manual_seed(5)
    built: nn.Module = torchvision.models.get_model(architecture, weights=None).eval()
    return built


def features_of(model: nn.Module, pictures: Tensor) -> Tensor:
    """What torchvision's classifier gets to see, before it pools: (N, width, h, w)."""
    seen: list[Tensor] = []
    last: Any = getattr(model, "layer4", None) or model.features
    hook = last.register_forward_hook(lambda *call: seen.append(call[2]))
    with torch.no_grad():
        model(pictures)
    hook.remove()
    return torch.relu(seen[0])


def published(architecture: str, path: Path) -> Path:
    """The file that torchvision would publish of a network."""
    torch.save(network(architecture).state_dict(), path)
    return path


def normalised(model: Classifier) -> Classifier:
    """Without a normalisation, to compare features."""
    model.mean, model.std = torch.tensor(0.0), torch.tensor(1.0)
    return model.eval()


@torch.no_grad()
def ours(model: Classifier, pictures: Tensor) -> Tensor:
    return torch.relu(normalised(model).features(pictures))


@pytest.mark.parametrize("architecture", SEEN)
def test_the_features_are_torchvisions(architecture: Architecture, tmp_path: Path) -> None:
    model = build_model(architecture, 8, 32, channels=3)
    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))

    load_pretrained(model, str(published(architecture, tmp_path / "weights.pth")), architecture=architecture)

    expected = features_of(network(architecture), pictures)
    assert torch.allclose(ours(model, pictures), expected, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("architecture", [Architecture.DENSENET121, Architecture.RESNET18])
def test_a_grey_film_is_seen_as_three_equal_channels(architecture: Architecture, tmp_path: Path) -> None:
    model = build_model(architecture, 14, 32)
    films = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))

    load_pretrained(model, str(published(architecture, tmp_path / "weights.pth")), architecture=architecture)

    expected = features_of(network(architecture), films.repeat(1, 3, 1, 1))
    assert torch.allclose(ours(model, films), expected, atol=1e-5 * float(expected.abs().max()))


def test_the_head_and_the_normalisation_stay(tmp_path: Path) -> None:
    model = build_model("resnet18", 14, 32)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    load_pretrained(model, str(published("resnet18", tmp_path / "weights.pth")), architecture="resnet18")

    for name in ("head.weight", "head.bias", "mean", "std"):
        assert torch.equal(model.state_dict()[name], before[name])


def test_a_bundle_brings_its_backbone_and_its_normalisation(line: Line) -> None:
    model = build_model("densenet121", 14, 32)

    load_pretrained(model, str(line.trained), architecture="densenet121")

    trained = load_network(open_bundle(line.trained)).state_dict()
    assert all(torch.equal(tensor, trained[name]) for name, tensor in model.state_dict().items() if not name.startswith("head."))


def test_densenets_first_names_are_understood() -> None:
    assert our_name("features.denseblock1.denselayer2.norm.1.weight") == "features.denseblock1.denselayer2.norm1.weight"
    assert our_name("features.denseblock1.denselayer2.conv.2.weight") == "features.denseblock1.denselayer2.conv2.weight"


@pytest.mark.parametrize(
    ("given", "wanted"), [("resnet18", "densenet121"), ("resnet18", "resnet50"), ("densenet121", "resnet18")]
)
def test_another_architecture_is_refused_by_the_name_of_a_tensor(given: str, wanted: str, tmp_path: Path) -> None:
    path = published(given, tmp_path / "weights.pth")

    with pytest.raises(UsageError, match=f"'features.*{wanted}"):
        load_pretrained(build_model(wanted, 14, 32), str(path), architecture=wanted)


def test_wrong_shapes_are_told(tmp_path: Path) -> None:
    state = network("resnet18").state_dict()
    state["layer1.0.conv1.weight"] = torch.zeros(64, 32, 3, 3)
    torch.save(state, tmp_path / "weights.pth")

    with pytest.raises(UsageError, match=r"'features.4.0.conv1.weight' of 64 x 32 x 3 x 3, a resnet18 here 64 x 64 x 3 x 3"):
        load_pretrained(build_model("resnet18", 14, 32), str(tmp_path / "weights.pth"), architecture="resnet18")


def test_a_missing_file_is_told() -> None:
    with pytest.raises(UsageError, match=r"there are no weights at 'nowhere\.pth'"):
        load_pretrained(build_model("resnet18", 14, 32), "nowhere.pth", architecture="resnet18")


@pytest.mark.parametrize("architecture", Architecture)
def test_torchvision_names_every_file_by_its_hash(architecture: Architecture) -> None:
    address = torchvision.models.get_model_weights(architecture.value).DEFAULT.url

    assert re.fullmatch(r"https://download\.pytorch\.org/models/\S+-[0-9a-f]{8}\.pth", address)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """torch's cache of weights, empty."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


def test_imagenets_weights_are_taken_from_torchs_cache(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache.mkdir(parents=True)
    content = published("resnet18", tmp_path / "weights.pth").read_bytes()
    name = f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    (cache / name).write_bytes(content)
    _publish(monkeypatch, f"https://download.pytorch.org/models/{name}")
    model = build_model("resnet18", 14, 32)

    load_pretrained(model, "imagenet", architecture="resnet18")

    assert torch.equal(model.state_dict()["features.1.weight"], network("resnet18").state_dict()["bn1.weight"])


def test_what_is_not_the_published_file_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    (cache / "resnet18-00000000.pth").write_bytes(b"other")
    _publish(monkeypatch, "https://download.pytorch.org/models/resnet18-00000000.pth")

    with pytest.raises(OverreadError, match="its sha256 does not start with 00000000"):
        imagenet_file("resnet18")


def test_where_they_cannot_be_had_it_says_how_to_bring_them(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(monkeypatch, "http://127.0.0.1:9/resnet18-00000000.pth")  # nobody listens there

    with pytest.raises(OverreadError, match=r"cannot be downloaded here .*curl --location --remote-name .*put the file at '"):
        imagenet_file("resnet18")
    assert not list(cache.rglob("*")) if cache.exists() else True


def _publish(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    class Weights:
        class DEFAULT:
            url = address

    monkeypatch.setattr(torchvision.models, "get_model_weights", lambda name: Weights)
