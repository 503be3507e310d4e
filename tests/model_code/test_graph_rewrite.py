"""The rewritten network answers as the trained one does, and holds nothing that the rewriting should have taken away."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from model_code.graph_rewrite import ByteConv, Reader, fold_batch_norms, pool_first, replace_batch_norms
from model_code.models import Classifier, build_model

LABELS, SIDE = 3, 32


def trained(architecture: str, output_stride: int) -> Classifier:
    """A network whose batch norms and normalisation are not those it was born with."""
    torch.manual_seed(0)
    model = build_model(architecture, LABELS, output_stride)
    model.normalise_by(torch.randint(30, 200, (4, 32, 32), dtype=torch.uint8))
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, -1.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
            layer.momentum = 1.0
    with torch.no_grad():
        model(torch.rand(4, 1, SIDE, SIDE))
    return model.eval()


@pytest.mark.parametrize(("architecture", "stride"), [("densenet121", 16), ("resnet18", 32), ("resnet50", 16)])
def test_every_output_stays_what_it_was(architecture: str, stride: int) -> None:
    model = trained(architecture, stride)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    films = torch.randint(0, 256, (2, 1, SIDE, SIDE), dtype=torch.uint8)
    with torch.no_grad():
        expected, found = model(films.float() / 255), Reader(model)(films)
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-3)  # such wild norms make much of a rounding
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items()), "the trained network changed"


def test_no_batch_norm_is_left_and_pools_come_first() -> None:
    reader = Reader(trained("densenet121", 32))
    assert not [layer for layer in reader.modules() if isinstance(layer, nn.BatchNorm2d)]
    transition = reader.classifier.features.get_submodule("transition1")
    kinds = [type(layer) for layer in transition.children()]
    assert kinds.index(nn.AvgPool2d) < max(index for index, kind in enumerate(kinds) if kind is nn.Conv2d)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("padding", [0, 3])
def test_the_first_convolution_takes_grey_values_to_the_very_border(bias: bool, padding: int) -> None:
    first = nn.Conv2d(1, 5, 7, stride=2, padding=padding, bias=bias)
    films = torch.randint(0, 256, (2, 1, 20, 24)).float()
    expected = first((films / 255 - 0.37) / 0.21)
    torch.testing.assert_close(ByteConv(first, 0.37, 0.21)(films), expected, rtol=1e-4, atol=1e-5)


def test_only_what_commutes_is_moved_or_folded() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3), nn.AvgPool2d(2)).eval()
    fold_batch_norms(network)
    pool_first(network)
    kinds = [nn.Conv2d, nn.ReLU, nn.BatchNorm2d, nn.Conv2d, nn.AvgPool2d]
    assert [type(layer) for layer in network] == kinds
    films = torch.rand(2, 1, 12, 12)
    expected = network(films)
    replace_batch_norms(network)
    torch.testing.assert_close(network(films), expected)
