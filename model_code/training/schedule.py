"""How fast the network learns at which point of the run."""

from __future__ import annotations

import math


def share_of_peak(progress: float, warm_up: float) -> float:
    """Share of the peak learning rate at a point of the run (0 to 1): a linear rise, then half a cosine to zero.

    Args:
        progress: how much of the run is done.
        warm_up: share of the run in which the rate rises from 5% of its peak.
    """
    if progress < warm_up:
        return 0.05 + 0.95 * progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))
