"""Counted shares with their uncertainty."""

from __future__ import annotations

import math
from typing import Final

from model_code.bundle_info import Share

Z: Final = 1.959963984540054
"""The normal distribution's 97.5th percentile."""


def share(hits: int, of: int) -> Share:
    """``hits`` of ``of`` with Wilson's 95% interval (JASA 22, 1927), which stays in [0, 1] and holds for few; of none: 0 to 1."""
    if of == 0:
        return Share(value=0.0, low=0.0, high=1.0, n=0)
    value, extra = hits / of, Z * Z / of
    centre = (value + extra / 2) / (1 + extra)
    half = Z / (1 + extra) * math.sqrt(value * (1 - value) / of + extra / (4 * of))
    # at the ends the interval reaches them exactly; rounding must not keep it short of the value
    return Share(value=value, low=0.0 if hits == 0 else max(0.0, centre - half), high=1.0 if hits == of else centre + half, n=of)
