"""From a label's logit to its probability: the curve that ``calibrate`` chose, applied the same way everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import Isotonic, Sigmoid

Array = NDArray[np.float64]


def probability_of(curve: Sigmoid | Isotonic, logits: NDArray[np.floating]) -> Array:
    """Probabilities in [0, 1] of logits of any shape; never falling where the logit rises."""
    if isinstance(curve, Isotonic):
        return np.asarray(np.interp(logits, curve.logits, curve.probabilities), np.float64)
    z = curve.slope * np.asarray(logits, np.float64) + curve.intercept
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * z), np.float64)  # a sigmoid that cannot overflow


RAW = Sigmoid(kind="sigmoid", slope=1.0, intercept=0.0)
"""The network's own opinion, before calibration."""
