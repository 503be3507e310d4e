"""Every architecture at every stride answers with logits, maps and an embedding that belong together."""

from __future__ import annotations

import pytest
import torch

from model_code.contract import Architecture
from model_code.errors import UsageError
from model_code.models import OUTPUT_STRIDES, POOL_SHARPNESS, build_model
from model_code.torchvision_shim import torchvision

LABELS = 14


@pytest.mark.parametrize("stride", OUTPUT_STRIDES)
@pytest.mark.parametrize("architecture", Architecture)
def test_shapes_and_pooling(architecture: Architecture, stride: int) -> None:
    model = build_model(architecture.value, LABELS, stride).eval()
    with torch.no_grad():
        logits, maps, embedding = model(torch.rand(2, 1, 64, 64))
    cells = 64 // stride
    assert logits.shape == (2, LABELS)
    assert maps.shape == (2, LABELS, cells, cells)
    assert embedding.shape == (2, model.head.in_channels)
    mean = torch.exp(POOL_SHARPNESS * maps.double()).mean(dim=(2, 3))
    torch.testing.assert_close(logits.double(), mean.log() / POOL_SHARPNESS, atol=1e-4, rtol=1e-4)
    assert bool((logits <= maps.amax(dim=(2, 3)) + 1e-5).all() and (logits >= maps.mean(dim=(2, 3)) - 1e-5).all())


def test_the_same_weights_serve_every_stride() -> None:
    """A stride leaves reductions out, not weights."""
    shapes = [{k: v.shape for k, v in build_model("densenet121", 3, s).state_dict().items()} for s in OUTPUT_STRIDES]
    assert shapes[0] == shapes[1] == shapes[2]


def test_the_grey_stem_equals_the_colour_stem_on_grey_films() -> None:
    """So that published weights can be used."""
    torch.manual_seed(0)
    features = build_model("resnet18", LABELS, 32).features
    assert isinstance(features, torch.nn.Sequential)
    grey = features[0]
    torch.manual_seed(0)
    colour = torchvision.models.resnet18(weights=None).conv1
    film = torch.rand(1, 1, 32, 32)
    torch.testing.assert_close(grey(film), colour(film.repeat(1, 3, 1, 1)), atol=1e-5, rtol=1e-4)


def test_normalisation_is_part_of_the_weights() -> None:
    model = build_model("resnet18", LABELS, 32)
    films = torch.randint(0, 256, (4, 32, 32), dtype=torch.uint8)
    model.normalise_by(films)
    state = model.state_dict()
    assert float(state["mean"]) == pytest.approx(float((films / 255).mean()), abs=1e-5)
    assert float(state["std"]) == pytest.approx(float((films / 255).std()), abs=1e-5)


def test_an_unknown_architecture_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown architecture 'vgg16'; choose one of: densenet121, resnet18, resnet50"):
        build_model("vgg16", LABELS, 32)


def test_an_unknown_stride_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown output stride '4'; choose one of: 32, 16, 8"):
        build_model("resnet18", LABELS, 4)
