"""The proof counts what splits share, and its hashes can be made again from the films."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from model_code.data.manifest import Manifest
from model_code.judging.splits import split_proof

FRAME = pd.DataFrame(
    {
        "group": ["a", "a", "b", "c"],
        "split": ["train", "train", "test", "val"],
        "sha256": ["2" * 64, "1" * 64, "3" * 64, "4" * 64],
    }
)


def test_splits_are_counted_and_hashed() -> None:
    proof = split_proof(Manifest(FRAME, Path(), (), "0" * 64))
    expected = hashlib.sha256(("1" * 64 + "\n" + "2" * 64 + "\n").encode()).hexdigest()
    assert proof["splits"]["train"] == {"films": 2, "groups": 1, "sha256": expected}
    assert [(one["groups"], one["films"]) for one in proof["shared"]] == [(0, 0)] * 3


def test_what_two_splits_share_is_not_hidden() -> None:
    leaking = FRAME.assign(group=["a", "a", "a", "c"], sha256=["2" * 64, "1" * 64, "2" * 64, "4" * 64])
    shared = {
        tuple(one["splits"]): (one["groups"], one["films"]) for one in split_proof(Manifest(leaking, Path(), (), ""))["shared"]
    }
    assert shared[("test", "train")] == (1, 1) and shared[("train", "val")] == (0, 0)
