"""How fast a GPU should train that nobody has measured yet: arithmetic from what others measured on other GPUs.

films a second = share of the peak x peak / operations a film. Training such networks in mixed precision waits for memory more
than for arithmetic (DenseNets join many features, EfficientNets convolve channel by channel), so the share is none to be had
from a data sheet. It comes from published rates instead:

- at most the share that the network reached on the fastest GPU of the same chip with the same peak (RTX 3090; both are GA102);
- at least that share times the ratio of the two memories' speeds, times the worst that a published run of any of these networks
  on another GPU came to of what its memory's speed predicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Published = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Gpu:
    """A data sheet's figures."""

    peak: float
    """Operations a second in bf16 or fp16 that sum in float32, dense."""
    memory: float
    """Bytes a second."""


GPUS: Final = {
    # https://d1.awsstatic.com/product-marketing/ec2/NVIDIA_AWS_A10G_DataSheet_FINAL_02_17_2022.pdf
    "A10G": Gpu(70e12, 600e9),
    # https://images.nvidia.com/aem-dam/en-zz/Solutions/geforce/ampere/pdf/NVIDIA-ampere-GA102-GPU-Architecture-Whitepaper-V1.pdf
    "RTX 3090": Gpu(71e12, 936e9),
    # https://images.nvidia.com/content/technologies/volta/pdf/tesla-volta-v100-datasheet-letter-fnl-web.pdf
    "V100 16GB": Gpu(125e12, 900e9),
    # https://www.nvidia.com/content/dam/en-zz/Solutions/Data-Center/a100/pdf/nvidia-a100-datasheet-us-nvidia-1758950-r4-web.pdf
    "A100 80GB": Gpu(312e12, 2039e9),
}
SAME_CHIP: Final = "RTX 3090"
WANTED: Final = "A10G"


@dataclass(frozen=True)
class Range:
    """From the slower to the faster end."""

    low: float
    high: float

    def times(self, factor: float) -> Range:
        return Range(self.low * factor, self.high * factor)

    def at_most(self, limit: float) -> Range:
        return Range(min(self.low, limit), min(self.high, limit))


def share_of_peak(architecture: str, published: Published) -> Range:
    """The share of the A10G's peak at which a network should train."""
    same = _on(SAME_CHIP, architecture, published)
    high = same["films_per_second"] * same["operations_per_film"] / GPUS[SAME_CHIP].peak
    return Range(high * GPUS[WANTED].memory / GPUS[SAME_CHIP].memory * worst_of_prediction(published), high)


def worst_of_prediction(published: Published) -> float:
    """Least ratio of a published rate to what the same network's on the RTX 3090 and the two memories' speeds predict."""
    ratios = [1.0]
    for one in published:
        same = _on(SAME_CHIP, one["architecture"], published)
        predicted = same["films_per_second"] * GPUS[one["gpu"]].memory / GPUS[SAME_CHIP].memory
        ratios.append(one["films_per_second"] / predicted)
    return min(ratios)


def films_per_second(architecture: str, operations_per_film: float, published: Published) -> Range:
    """How many films a second the A10G of an ml.g5.xlarge should train on."""
    return share_of_peak(architecture, published).times(GPUS[WANTED].peak / operations_per_film)


def _on(gpu: str, architecture: str, published: Published) -> Mapping[str, Any]:
    return next(one for one in published if (one["gpu"], one["architecture"]) == (gpu, architecture))
