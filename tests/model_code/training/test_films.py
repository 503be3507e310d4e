"""Films come from the data set's shards, or from ones that are cut beside the checkpoints, once."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from model_code.data.films import read_film
from model_code.data.manifest import Manifest, read_manifest
from model_code.data.shards import Shards, cut_shards
from model_code.data.transforms import to_model_input
from model_code.errors import ManifestError
from model_code.tasks import CHEST14
from model_code.training import films
from model_code.training.distributed import Crew
from model_code.training.films import open_films, sample
from tests.model_code.training.tiny import ALONE, Rows

SIDE = 37  # of shards for an input of 32


def opened(manifest: Manifest, beside: Path) -> dict[str, Shards]:
    return open_films(manifest, image_size=32, channels=1, beside=beside, crew=ALONE)


def test_they_are_cut_once_and_are_the_films_of_their_split(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = read_manifest(data, CHEST14)
    first = opened(manifest, tmp_path / "checkpoints")
    assert {name: len(shards) for name, shards in first.items()} == {name: len(manifest.split(name)) for name in ("train", "val")}
    expected = to_model_input(read_film(manifest.split("val").paths[3]).pixels, SIDE, 1)
    assert np.array_equal(first["val"][np.array([3])][0], expected)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoints.shards"]
    monkeypatch.setattr(films, "cut_shards", None)
    opened(manifest, tmp_path / "checkpoints")


def test_what_the_data_set_brings_is_used(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "data"
    copy.mkdir()
    shutil.copy(data / "manifest.parquet", copy)
    cut_shards(read_manifest(data, CHEST14), side=SIDE, channels=1, out=copy / "shards")
    monkeypatch.setattr(films, "cut_shards", None)
    opened(read_manifest(copy, CHEST14), tmp_path / "checkpoints")


@pytest.mark.parametrize("side", [SIDE + 1, SIDE - 1])
def test_shards_of_another_size_are_not(side: int, data: Path, tmp_path: Path) -> None:
    manifest = read_manifest(data, CHEST14)
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    cut_shards(manifest, side=side, channels=1, out=copy / "shards")
    assert opened(read_manifest(copy, CHEST14), tmp_path / "checkpoints")["train"].side == SIDE


@pytest.mark.parametrize(("local_rank", "cuts"), [(0, True), (1, False)])
def test_each_machine_cuts_its_own(
    local_rank: int, cuts: bool, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from the second machine, whose disk has nothing of what the first has cut."""
    monkeypatch.setattr(torch.distributed, "barrier", lambda: None)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda values: None)
    crew = Crew(2 + local_rank, 4, torch.device("cpu"), local_rank)
    with nullcontext() if cuts else pytest.raises(ManifestError, match="no shards"):
        open_films(read_manifest(data, CHEST14), image_size=32, channels=1, beside=tmp_path / "checkpoints", crew=crew)
    assert (tmp_path / "checkpoints.shards").exists() == cuts


def test_machines_that_share_a_disk_cut_once(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen from the second machine: while it waits, the first cuts."""
    manifest = read_manifest(data, CHEST14)
    monkeypatch.setattr(torch.distributed, "barrier", lambda: opened(manifest, tmp_path / "checkpoints"))
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda values: None)
    cut = Mock(wraps=cut_shards)
    monkeypatch.setattr(films, "cut_shards", cut)
    crew = Crew(2, 4, torch.device("cpu"), 0)
    open_films(manifest, image_size=32, channels=1, beside=tmp_path / "checkpoints", crew=crew)
    assert cut.call_count == 1


def test_checkpoints_in_the_current_folder_have_a_place_beside_them(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    opened(read_manifest(data, CHEST14), Path())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "here.shards"]


def test_a_missing_film_is_told(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "manifest.parquet", tmp_path)
    with pytest.raises(ManifestError, match="in the manifest but not on disk"):
        opened(read_manifest(tmp_path, CHEST14), tmp_path / "checkpoints")


def test_a_sample_is_spread_over_all_films(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows(20)
    assert len(sample(rows)) == 20
    monkeypatch.setattr(films, "SAMPLE", 3)
    assert np.array_equal(sample(rows).numpy(), rows.pixels[[0, 9, 19]])
