"""The networks: torchvision's, made to look at grey or colour and to answer with maps, logits and an embedding in one pass.

The evidence for a label is a linear map over the last features (class activation map, Zhou et al., CVPR 2016). A label's logit
is that map pooled by log-sum-exp (Pinheiro & Collobert, CVPR 2015; used on ChestX-ray by Wang et al., CVPR 2017), between mean
and maximum, so that the map's peak is what the logit rests on.

Where labels exclude each other, the pooled evidence goes through a softmax, and a label's logit is the log odds of its
probability against all others together. So the sigmoid of a logit is a probability for every task, and whatever comes after
(calibration, operating points, decisions, metrics) treats label by label.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

import torch
from torch import Tensor, nn

from model_code.contract import Architecture
from model_code.errors import unknown
from model_code.torchvision_shim import torchvision

POOL_SHARPNESS = 3.0
"""Log-sum-exp's r: 0 is the mean, infinity the maximum."""

OUTPUT_STRIDES = (32, 16, 8)


class Pooling(StrEnum):
    """How a label's map becomes its evidence."""

    LOG_SUM_EXP = "log-sum-exp"
    """Ours, for every network that is trained here."""
    MEAN = "mean"
    """That of networks whose weights come from elsewhere (``import_weights``)."""


class Outputs(NamedTuple):
    """What one pass gives for a batch of N films and K labels."""

    logits: Tensor  # (N, K)
    maps: Tensor  # (N, K, h, w), evidence per place, in logits
    embedding: Tensor  # (N, D), mean of the last features


class Classifier(nn.Module):
    """A backbone with a linear head over places.

    Input: (N, channels, side, side) float32 in [0, 1]; mean and standard deviation of the training films, one of each for all
    channels, are buffers, so normalisation is part of the weights and of the exported graph.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, features: nn.Module, width: int, labels: int, *, channels: int, exclusive: bool) -> None:
        super().__init__()
        self.channels, self.exclusive = channels, exclusive
        self.pooling = Pooling.LOG_SUM_EXP
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
        evidence = maps.mean(dim=(2, 3)) if self.pooling is Pooling.MEAN else log_sum_exp(maps)
        logits = one_against_the_rest(evidence) if self.exclusive else evidence
        return Outputs(logits, maps, features.mean(dim=(2, 3)))


def log_sum_exp(maps: Tensor) -> Tensor:
    """From (N, K, h, w) to (N, K), between mean and maximum."""
    pooled = torch.logsumexp(maps.flatten(2) * POOL_SHARPNESS, dim=2) - math.log(maps.shape[2] * maps.shape[3])
    return pooled / POOL_SHARPNESS


def one_against_the_rest(evidence: Tensor) -> Tensor:
    """From (N, K) to the log odds (N, K) of the softmax: z_k - log(sum of exp(z_j) over the others)."""
    itself = torch.eye(evidence.shape[1], dtype=torch.bool, device=evidence.device)
    others = evidence.unsqueeze(1).masked_fill(itself, -math.inf)  # (N, K, K)
    return evidence - torch.logsumexp(others, dim=2)


def build_model(architecture: str, labels: int, output_stride: int, *, channels: int = 1, exclusive: bool = False) -> Classifier:
    """A network with random weights.

    Args:
        architecture: one of ``Architecture``.
        labels: how many findings it answers.
        output_stride: input pixels per map cell along each side. 32 is the published network; 16 and 8 let its last one or
            two reductions out, for small films whose maps would have too few cells to point with.
        channels: 1 for grey films, 3 for colour pictures.
        exclusive: exactly one label is true of a picture.

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
        for transition in (features.transition3, features.transition2)[:kept]:
            transition.pool = nn.Identity()
    else:
        if hasattr(network, "fc"):  # ResNets
            features, width = nn.Sequential(*list(network.children())[:-2]), network.fc.in_features
        else:  # EfficientNets, MobileNet
            features, width = network.features, network.classifier[-1].in_features
        for stage in _reductions(features)[::-1][:kept]:
            _keep_resolution(stage)
    if channels == 1:
        one_channel(features)
    return Classifier(features, width, labels, channels=channels, exclusive=exclusive)


def one_channel(features: nn.Module) -> None:
    """Makes the first convolution one for grey films."""
    name, first = next((name, layer) for name, layer in features.named_modules() if isinstance(layer, nn.Conv2d))
    features.set_submodule(name, _summed(first))


def _reductions(features: nn.Sequential) -> list[nn.Module]:
    """The stages that halve the resolution, in their order."""
    return [
        stage for stage in features if any(layer.stride == (2, 2) for layer in stage.modules() if isinstance(layer, nn.Conv2d))
    ]


def _summed(first: nn.Conv2d) -> nn.Conv2d:
    """The stem for grey films: the sum over colours, which is what the stem computes on three equal channels."""
    grey = nn.Conv2d(1, first.out_channels, first.kernel_size, first.stride, first.padding, bias=False)  # type: ignore[arg-type]
    with torch.no_grad():
        grey.weight.copy_(first.weight.sum(dim=1, keepdim=True))
    return grey


def _keep_resolution(stage: nn.Module) -> None:
    for layer in stage.modules():
        if isinstance(layer, nn.Conv2d):
            layer.stride = (1, 1)
