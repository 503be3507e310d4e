"""Every architecture answers with logits, maps and an embedding that belong together, and is exported as it was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from model_code.contract import Architecture, Precision, Runtime
from model_code.errors import UsageError
from model_code.export import MAX_PARITY, write_graph
from model_code.graph import OUTPUTS, Scores
from model_code.graph_rewrite import Reader
from model_code.models import OUTPUT_STRIDES, POOL_SHARPNESS, Classifier, build_model, one_against_the_rest
from model_code.runtimes import open_session
from model_code.torchvision_shim import torchvision

LABELS = 14
FAMILIES = ("densenet121", "resnet18", "efficientnet_b0", "mobilenet_v2")


def settled(model: Classifier) -> Classifier:
    """A network whose batch norms keep activations from vanishing and from exploding, however deep it is."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.constant_(layer.weight, 0.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
    return model.eval()


@pytest.mark.parametrize("architecture", Architecture)
def test_shapes_pooling_and_rewriting(architecture: Architecture) -> None:
    torch.manual_seed(0)
    films = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    model = settled(build_model(architecture.value, LABELS, 16, channels=3))
    with torch.no_grad():
        logits, maps, embedding = answer = model(films.float() / 255)
        rewritten = Reader(model)(films)
    assert logits.shape == (2, LABELS)
    assert maps.shape == (2, LABELS, 2, 2)
    assert embedding.shape == (2, model.head.in_channels)
    mean = torch.exp(POOL_SHARPNESS * maps.double()).mean(dim=(2, 3))
    torch.testing.assert_close(logits.double(), mean.log() / POOL_SHARPNESS, atol=1e-4, rtol=1e-4)
    assert bool((logits <= maps.amax(dim=(2, 3)) + 1e-5).all() and (logits >= maps.mean(dim=(2, 3)) - 1e-5).all())
    for expected, found in zip(answer, rewritten, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("architecture", ["efficientnet_b0"])  # others are exported end to end
def test_the_exported_graph_answers_as_the_network(architecture: str, tmp_path: Path) -> None:
    """``python -m bench.architectures`` does the same for all of them."""
    torch.manual_seed(0)
    films = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), np.uint8)
    model = settled(build_model(architecture, LABELS, 32, channels=3, exclusive=True))
    write_graph(model, 32, tmp_path / "graph.onnx")
    scores = Scores(*open_session(tmp_path / "graph.onnx", Runtime.ONNXRUNTIME, Precision.FLOAT32, outputs=OUTPUTS).run(films))
    with torch.no_grad():
        expected = model(torch.from_numpy(films).float() / 255)
    probability = 1 / (1 + np.exp(-scores.logits))
    assert np.abs(probability - torch.sigmoid(expected.logits).numpy()).max() <= MAX_PARITY
    np.testing.assert_allclose(scores.maps, expected.maps.numpy(), atol=1e-4)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("architecture", FAMILIES)
def test_a_stride_leaves_reductions_out_not_weights(architecture: str) -> None:
    shapes = []
    for stride in OUTPUT_STRIDES:
        model = build_model(architecture, 3, stride).eval()
        shapes.append({name: tensor.shape for name, tensor in model.state_dict().items()})
        with torch.no_grad():
            assert model(torch.rand(1, 1, 64, 64)).maps.shape == (1, 3, 64 // stride, 64 // stride)
    assert shapes[0] == shapes[1] == shapes[2]


def test_log_odds_are_those_of_the_softmax() -> None:
    evidence = torch.randn(5, 8, dtype=torch.float64) * 4
    odds = one_against_the_rest(evidence)
    torch.testing.assert_close(torch.sigmoid(odds), torch.softmax(evidence, dim=1))
    of_truth = torch.nn.functional.softplus(-odds[:, 3])
    torch.testing.assert_close(of_truth, torch.nn.functional.cross_entropy(evidence, torch.full((5,), 3), reduction="none"))


def test_log_odds_stay_finite_however_sure_the_network_is() -> None:
    evidence = torch.tensor([[80.0, -80.0, 0.0]], requires_grad=True)
    odds = one_against_the_rest(evidence)
    odds.sum().backward()  # type: ignore[no-untyped-call]
    assert bool(torch.isfinite(odds).all())
    assert evidence.grad is not None and bool(torch.isfinite(evidence.grad).all())


def test_of_two_exclusive_labels_one_logit_is_the_others_negative() -> None:
    model = build_model("resnet18", 2, 32, exclusive=True).eval()
    with torch.no_grad():
        logits = model(torch.rand(3, 1, 32, 32)).logits
    torch.testing.assert_close(logits[:, 0], -logits[:, 1])


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
