"""The trained network rewritten for reading: fewer operations with the same answers, and a film's own values as input.

Only what is exact in real numbers is done here, so that ``export`` can hold the result against the trained network: batch norms
join the convolutions before them or, where there is none, become convolutions themselves (every runtime has a fast one, for bytes
too), an average pool after a 1 x 1 convolution moves before it (both are linear, and the convolution then has a quarter of the
places to look at), and normalisation joins the first convolution.
"""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model_code.models import Classifier, Outputs


class Reader(nn.Module):
    """A trained classifier as it is exported; the classifier itself stays as it was.

    Input: (N, channels, side, side) uint8, as ``data.transforms.to_model_input`` makes it. Output: the classifier's.
    """

    def __init__(self, trained: Classifier) -> None:
        super().__init__()
        self.classifier = copy.deepcopy(trained).eval()
        features = self.classifier.features
        fold_batch_norms(features)
        replace_batch_norms(features)
        pool_first(features)
        name, first = next((name, layer) for name, layer in features.named_modules() if isinstance(layer, nn.Conv2d))
        features.set_submodule(name, ByteConv(first, float(trained.mean), float(trained.std)))

    def forward(self, films: Tensor) -> Outputs:
        return self.classifier.answer(torch.relu(self.classifier.features(films.float())))


class ByteConv(nn.Module):
    """The first convolution on values 0 to 255: normalisation is in its weights, and around a film lies the mean grey.

    conv((x / 255 - mean) / std) with zeros around is conv'(x) with ``255 * mean`` around x, where conv' has the weights divided
    by ``255 * std`` and a bias that is less by ``mean / std`` times their sum.
    """

    def __init__(self, first: nn.Conv2d, mean: float, std: float) -> None:
        super().__init__()
        assert isinstance(first.padding, tuple)
        rows, columns = first.padding
        self.border = (columns, columns, rows, rows)
        self.grey = 255 * mean
        self.conv = nn.Conv2d(first.in_channels, first.out_channels, first.kernel_size, first.stride)  # type: ignore[arg-type]
        with torch.no_grad():
            weight = first.weight.double()
            bias = 0.0 if first.bias is None else first.bias.double()
            self.conv.weight.copy_(weight / (255 * std))
            assert self.conv.bias is not None
            self.conv.bias.copy_(bias - weight.sum(dim=(1, 2, 3)) * mean / std)

    def forward(self, films: Tensor) -> Tensor:
        return torch.as_tensor(self.conv(functional.pad(films, self.border, value=self.grey)))


def fold_batch_norms(network: nn.Module) -> None:
    """Each batch norm that stands right after a convolution, in the order of registration and in its width, joins it."""
    for parent in network.modules():
        for (first, conv), (second, norm) in pairwise(list(parent.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, first, fuse_conv_bn_eval(conv, norm))
                setattr(parent, second, nn.Identity())


def replace_batch_norms(network: nn.Module) -> None:
    """Each batch norm that is left becomes a 1 x 1 convolution of every channel by itself."""
    for parent in network.modules():
        for name, norm in list(parent.named_children()):
            if isinstance(norm, nn.BatchNorm2d):
                channels = norm.num_features
                unit = nn.Conv2d(channels, channels, kernel_size=1, groups=channels, bias=False)
                nn.init.ones_(unit.weight)
                setattr(parent, name, fuse_conv_bn_eval(unit.eval(), norm))


def pool_first(network: nn.Module) -> None:
    """In a sequence, an average pool right after a 1 x 1 convolution (DenseNet's transitions) changes places with it."""
    for parent in network.modules():
        if not isinstance(parent, nn.Sequential):
            continue
        for (first, conv), (second, pool) in pairwise(list(parent.named_children())):
            if isinstance(conv, nn.Conv2d) and conv.kernel_size == (1, 1) and isinstance(pool, nn.AvgPool2d):
                setattr(parent, first, pool)
                setattr(parent, second, conv)
