"""Where exactly one label is true of a picture (skin8, pneumonia): accuracy, balanced accuracy, confusion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import Exclusive
from model_code.judging.resample import Array, interval, mean_where_defined, resamples


def exclusive_figures(targets: Array, logits: Array, groups: NDArray[np.generic]) -> Exclusive | None:
    """What the likeliest label is worth; None where no picture has a known label.

    The network's own answer counts (the highest logit): calibration is per label and may change the order of labels.

    Args:
        targets: (N, K); pictures without exactly one true label are left out.
        logits: (N, K).
        groups: (N,), the patients or lesions.
    """
    known = np.nansum(targets, axis=1) == 1
    if not known.any():
        return None
    truth, given = np.nanargmax(targets[known], axis=1), logits[known].argmax(axis=1)
    kinds = targets.shape[1]
    confusion = np.bincount(truth * kinds + given, minlength=kinds * kinds).reshape(kinds, kinds)
    right = truth == given
    of = np.eye(kinds, dtype=np.float32)[truth].T  # (kinds, pictures)
    whole = (of * right).sum(axis=1)[of.any(axis=1)] / of.sum(axis=1)[of.any(axis=1)]
    accuracy, balanced = [], []
    for weights in resamples(groups[known]):
        hits, all_of = (of * right) @ weights, of @ weights
        with np.errstate(invalid="ignore"):
            balanced.append(mean_where_defined(np.asarray(hits / all_of, np.float64)))
        accuracy.append(hits.sum(axis=0, dtype=np.float64) / all_of.sum(axis=0))
    return Exclusive(
        accuracy=interval(float(right.mean()), np.concatenate(accuracy)),
        balanced_accuracy=interval(float(whole.mean()), np.concatenate(balanced)),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )
