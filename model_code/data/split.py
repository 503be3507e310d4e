"""Splits by group: all images of a patient (or lesion) go to the same split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

FRACTIONS: Final[Mapping[str, float]] = {"train": 0.62, "val": 0.15, "test": 0.23}
"""Share of groups per split, in manifest order; they add up to 1."""


def split_of(group: str, seed: int) -> str:
    """The split of one group, decided by a hash of its name alone: new groups never move the old ones."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    bound = 0.0
    for name, share in FRACTIONS.items():
        bound += share
        if position < bound:
            return name
    return name
