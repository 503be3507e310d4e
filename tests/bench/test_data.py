"""The measuring itself, on next to nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench import data
from model_code.data.shards import rows_a_piece, shard_side


def test_shards_of_many_films_take_no_room(tmp_path: Path) -> None:
    size = rows_a_piece(shard_side(data.SIDE), 1)
    data.sparse(tmp_path, 3 * size + 5)
    arrays = [np.load(path, mmap_mode="r") for path in sorted(tmp_path.glob("*.npy"))]
    assert [len(array) for array in arrays] == [size, size, size, 5]
    assert sum(path.stat().st_blocks for path in tmp_path.glob("*.npy")) * 512 < 1.1 * arrays[0].nbytes


def test_what_a_loader_takes_is_printed_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.sparse(tmp_path, 40)
    data.loader_of(tmp_path, 40)
    assert set(json.loads(capsys.readouterr().out)) == {"start", "batch", "bytes"}
