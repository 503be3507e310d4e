from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from model_code.data.duplicates import fingerprint
from model_code.data.leaks import leaks
from model_code.data.manifest import Manifest
from model_code.data.shards import SHARDS, write_shard
from model_code.errors import ManifestError
from tests.sources import picture


def manifest(root: Path, seeds: list[int], splits: list[str]) -> Manifest:
    """Pictures by their seeds; equal seeds are equal pictures."""
    smalls = [picture(seed)[None] for seed in seeds]
    sums = [f"{index:064x}" for index in range(len(seeds))]
    (root / SHARDS).mkdir()
    write_shard(root / SHARDS / "train-00000", smalls, sums)
    frame = pd.DataFrame({"sha256": sums, "split": splits, "fingerprint": [fingerprint(small) for small in smalls]})
    return Manifest(frame, root, (), "")


def test_copies_in_two_splits_are_found_and_those_in_one_are_not(tmp_path: Path) -> None:
    found = leaks(manifest(tmp_path, [1, 2, 2, 3, 1], ["train", "val", "val", "test", "test"]))
    assert (found.rows.tolist(), found.partners.tolist()) == ([0], [4])


def test_without_its_shards_nothing_is_passed(tmp_path: Path) -> None:
    made = manifest(tmp_path, [1, 2], ["train", "test"])
    (tmp_path / SHARDS / "train-00000.txt").unlink()
    with pytest.raises(ManifestError, match="no shards"):
        leaks(made)
