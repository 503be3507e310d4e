"""The networks: torchvision's, made to look at one grey channel and to answer with maps, logits and an embedding in one pass.

The evidence for a label is a linear map over the last features (class activation map, Zhou et al., CVPR 2016). A label's logit
is that map pooled by log-sum-exp (Pinheiro & Collobert, CVPR 2015; used on ChestX-ray by Wang et al., CVPR 2017), between mean
and maximum, so that the map's peak is what the logit rests on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from model_code.contract import Architecture
from model_code.errors import unknown
from model_code.torchvision_shim import torchvision

POOL_SHARPNESS = 3.0
"""Log-sum-exp's r: 0 is the mean, infinity the maximum."""

OUTPUT_STRIDES = (32, 16, 8)


class Outputs(NamedTuple):
    """What one pass gives for a batch of N films and K labels."""

    logits: Tensor  # (N, K)
    maps: Tensor  # (N, K, h, w), evidence per place, in logits
    embedding: Tensor  # (N, D), mean of the last features


class Classifier(nn.Module):
    """A backbone with a linear head over places.

    Input: (N, 1, side, side) float32 in [0, 1]; mean and standard deviation of the training films are buffers, so normalisation
    is part of the weights and of the exported graph.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, features: nn.Module, width: int, labels: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Conv2d(width, labels, kernel_size=1)
        self.register_buffer("mean", torch.tensor(0.5))
        self.register_buffer("std", torch.tensor(0.25))

    def normalise_by(self, films: Tensor) -> None:
        """Takes mean and standard deviation from training films, uint8 of any shape."""
        values = films.float() / 255
        self.mean, self.std = values.mean(), values.std()

    def forward(self, films: Tensor) -> Outputs:
        return self.answer(torch.relu(self.features((films - self.mean) / self.std)))

    def answer(self, features: Tensor) -> Outputs:
        """From the last features (N, width, h, w) to the outputs."""
        maps = self.head(features)
        pooled = torch.logsumexp(maps.flatten(2) * POOL_SHARPNESS, dim=2) - math.log(maps.shape[2] * maps.shape[3])
        return Outputs(pooled / POOL_SHARPNESS, maps, features.mean(dim=(2, 3)))


def build_model(architecture: str, labels: int, output_stride: int) -> Classifier:
    """A network with random weights.

    Args:
        architecture: one of ``Architecture``.
        labels: how many findings it answers.
        output_stride: input pixels per map cell along each side. 32 is the published network; 16 and 8 let its last one or
            two reductions out, for small films whose maps would have too few cells to point with.

    Raises:
        UsageError: the architecture or the stride is not one of those allowed.
    """
    if output_stride not in OUTPUT_STRIDES:
        raise unknown("output stride", str(output_stride), map(str, OUTPUT_STRIDES))
    kept = OUTPUT_STRIDES.index(output_stride)
    try:
        name = Architecture(architecture)
    except ValueError:
        raise unknown("architecture", architecture, Architecture) from None
    network = torchvision.models.get_model(name.value, weights=None)
    if name is Architecture.DENSENET121:
        features, width = network.features, network.classifier.in_features
        features.conv0 = _one_channel(features.conv0)
        for transition in (features.transition3, features.transition2)[:kept]:
            transition.pool = nn.Identity()
    else:
        width = network.fc.in_features
        network.conv1 = _one_channel(network.conv1)
        for stage in (network.layer4, network.layer3)[:kept]:
            _keep_resolution(stage)
        features = nn.Sequential(*list(network.children())[:-2])
    return Classifier(features, width, labels)


def _one_channel(first: nn.Conv2d) -> nn.Conv2d:
    """The stem for grey films: the sum over colours, which is what the stem computes on three equal channels."""
    grey = nn.Conv2d(1, first.out_channels, first.kernel_size, first.stride, first.padding, bias=False)  # type: ignore[arg-type]
    with torch.no_grad():
        grey.weight.copy_(first.weight.sum(dim=1, keepdim=True))
    return grey


def _keep_resolution(stage: nn.Module) -> None:
    for layer in stage.modules():
        if isinstance(layer, nn.Conv2d):
            layer.stride = (1, 1)
