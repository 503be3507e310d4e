from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_code.data import pieces, shards
from model_code.data.pieces import Job, Row, make, plan, records
from tests.sources import save


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    """Ten pictures in three splits; the third is not there."""
    made = []
    for number in range(10):
        path = tmp_path / "raw" / f"{number}.png"
        if number != 2:
            save(path, number)
        made.append((number, ("train", "val", "test")[number % 3], path))
    return made


def test_a_piece_holds_one_split_in_the_rows_order(rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "MOST_ROWS", 3)
    made = plan(rows, side=32, channels=1, machine=None)
    assert [piece.name for piece in made] == ["train-00000", "train-00001", "val-00000", "test-00000"]
    assert [piece.numbers for piece in made] == [(0, 3, 6), (9,), (1, 4, 7), (2, 5, 8)]


def test_machines_do_not_share_names(rows: list[Row]) -> None:
    assert plan(rows, side=32, channels=1, machine="algo-2")[0].name == "train-algo-2-00000"


@pytest.mark.parametrize("few", [1, 1000], ids=["processes", "this process"])
def test_every_picture_is_told_of_in_order(few: int, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "FEW", few)
    job = Job(tmp_path / "work", 32, 1)
    job.work.mkdir()
    made = plan(rows, side=32, channels=1, machine=None)
    make(made, job, "pieces")

    told = {record["number"]: record for record in records(made, job)}
    assert sorted(told) == list(range(10)) and told[2]["code"] == "missing"
    for piece in made:
        sums = (job.work / "shards" / f"{piece.name}.txt").read_text().split()
        assert sums == [told[number]["sha256"] for number in piece.numbers if number != 2]
        assert np.load(job.work / "shards" / f"{piece.name}.npy").shape == (len(sums), 1, 32, 32)


def test_what_has_a_record_is_not_made_again(rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(tmp_path, 32, 1)
    made = plan(rows, side=32, channels=1, machine=None)
    make(made[:1], job, "pieces")
    again: list[str] = []
    monkeypatch.setattr(pieces, "make_one", lambda piece, job: again.append(piece.name))
    make(made, job, "pieces")
    assert again == [piece.name for piece in made[1:]]
