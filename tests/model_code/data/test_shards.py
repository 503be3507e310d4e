from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model_code.data import shards as module
from model_code.data.films import load_films
from model_code.data.manifest import Manifest, read_manifest
from model_code.data.shards import Bytes, cut_shards, open_shards, rows_a_piece, shard_side
from model_code.errors import ManifestError
from model_code.tasks import CHEST14

SIDE = 24


@pytest.fixture(scope="module")
def manifest(data: Path) -> Manifest:
    whole = read_manifest(data, CHEST14)
    return replace(whole, frame=whole.frame.iloc[:30].reset_index(drop=True))


@pytest.fixture(scope="module")
def cut(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards") / "cut"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_ROWS", 4)
        cut_shards(manifest, side=SIDE, channels=1, out=folder)
    return folder


def test_shards_are_the_films_in_the_manifests_order(cut: Path, manifest: Manifest) -> None:
    shards = open_shards(cut, manifest)
    assert (len(shards), shards.side, shards.channels) == (30, SIDE, 1)
    assert len(list(cut.glob("*.npy"))) > 6
    rows = np.array([29, 0, 7, 7])
    np.testing.assert_array_equal(shards[rows], load_films(manifest, SIDE, "films", channels=1)[rows])


def test_a_part_of_the_manifest_has_its_own_rows(cut: Path, manifest: Manifest) -> None:
    part = replace(manifest, frame=manifest.frame.iloc[::-3].reset_index(drop=True))
    whole = open_shards(cut, manifest)
    np.testing.assert_array_equal(open_shards(cut, part)[np.arange(len(part))], whole[np.arange(29, -1, -3)])


def test_shards_go_to_other_processes_without_their_pictures(cut: Path, manifest: Manifest) -> None:
    shards = open_shards(cut, manifest)
    sent = pickle.dumps(shards)
    assert len(sent) < 10_000
    np.testing.assert_array_equal(pickle.loads(sent)[np.array([3])], shards[np.array([3])])


def test_three_channels(manifest: Manifest, tmp_path: Path) -> None:
    few = replace(manifest, frame=manifest.frame.iloc[:3])
    cut_shards(few, side=SIDE, channels=3, out=tmp_path / "cut")
    assert open_shards(tmp_path / "cut", few)[np.arange(3)].shape == (3, 3, SIDE, SIDE)


def test_a_run_that_was_stopped_goes_on(manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 4)
    write = module.write_shard
    made: list[str] = []
    stop_at = 3

    def stops(target: Path, pictures: Sequence[Bytes], sums: Iterable[str]) -> None:
        if len(made) == stop_at:
            raise KeyboardInterrupt
        made.append(target.name)
        write(target, pictures, sums)

    monkeypatch.setattr(module, "write_shard", stops)
    with pytest.raises(KeyboardInterrupt):
        cut_shards(manifest, side=SIDE, channels=1, out=tmp_path / "cut")
    stop_at = 1000
    cut_shards(manifest, side=SIDE, channels=1, out=tmp_path / "cut")

    assert len(made) == len(set(made)) == len(list((tmp_path / "cut").glob("*.npy")))
    np.testing.assert_array_equal(
        open_shards(tmp_path / "cut", manifest)[np.arange(30)], load_films(manifest, SIDE, "films", channels=1)
    )


def test_other_films_are_not_taken_for_these(cut: Path, manifest: Manifest) -> None:
    frame = manifest.frame.copy()
    frame.loc[[2, 5], "sha256"] = ["0" * 64, "1" * 64]
    with pytest.raises(ManifestError, match="lack 2 of the manifest's 30 films"):
        open_shards(cut, replace(manifest, frame=frame))


def test_a_folder_without_shards_is_told(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no shards in"):
        open_shards(tmp_path, manifest)


@pytest.mark.parametrize("harm", ["cut short", "missing", "text", "list too long", "another size"])
def test_damaged_shards_are_refused(harm: str, cut: Path, manifest: Manifest, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(cut, tmp_path / "cut"))
    shard = sorted(folder.glob("*.npy"))[0]
    if harm == "cut short":
        shard.write_bytes(shard.read_bytes()[:-10])
    elif harm == "missing":
        shard.unlink()
    elif harm == "text":
        shard.write_bytes(b"text")
    elif harm == "another size":
        np.save(shard, np.zeros((len(shard.with_suffix(".txt").read_text().split()), 1, 5, 5), np.uint8))
    else:
        shard.with_suffix(".txt").write_text(shard.with_suffix(".txt").read_text() + "0" * 64 + "\n")
    with pytest.raises(ManifestError, match="again"):
        open_shards(folder, manifest)


def test_sizes() -> None:
    assert shard_side(224) == 256
    assert rows_a_piece(256, 1) == 512 and rows_a_piece(1024, 3) == 10 and rows_a_piece(40_000, 3) == 1
