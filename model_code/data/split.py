"""Splits by group: all images of a patient (or lesion) go to the same split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

FRACTIONS: Final[Mapping[str, float]] = {"train": 0.62, "val": 0.15, "test": 0.23}
"""Share of groups per split, in manifest order; they add up to 1."""


VALIDATION_SHARE: Final = 0.125
"""Share of groups that become validation where the source brings a test set only: 70, 10 and 20% for NIH's."""


def split_of(group: str, seed: int) -> str:
    """The split of one group, decided by a hash of its name alone: new groups never move the old ones."""
    position = _position(group, seed)
    bound = 0.0
    for name, share in FRACTIONS.items():
        bound += share
        if position < bound:
            return name
    return name


def train_or_val(group: str, seed: int) -> str:
    """The same for a group that the source keeps for training, in a data set whose test set is the source's own."""
    return "val" if _position(group, seed) < VALIDATION_SHARE else "train"


def _position(group: str, seed: int) -> float:
    """A number in [0, 1) that stays a group's own."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
