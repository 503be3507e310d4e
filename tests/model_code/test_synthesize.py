"""A phantom data set is the same bytes for the same seed, and its manifest, places and report agree."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import model_code.synthesize as module
from model_code.data.images import decode
from model_code.data.manifest import read_manifest
from model_code.data.phantoms.places import FILE_NAME, read_places
from model_code.data.split import FRACTIONS
from model_code.errors import UsageError
from model_code.synthesize import synthesize
from model_code.tasks import CHEST14, PNEUMONIA, SKIN8, TaskSpec
from tests.conftest import PATIENTS, SEED


def folder_hash(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = []
    for name, cpus, seed in (("a", 1, 4), ("b", 2, 4), ("c", 2, 5)):
        monkeypatch.setattr(module, "usable_cpus", lambda cpus=cpus: cpus)
        synthesize(CHEST14, patients=20, seed=seed, out=tmp_path / name)
        hashes.append(folder_hash(tmp_path / name))
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_manifest_holds_what_it_promises(data: Path) -> None:
    manifest = read_manifest(data, CHEST14)
    assert manifest.phantoms
    assert manifest.frame["group"].nunique() == PATIENTS
    assert set(manifest.frame["split"]) == set(FRACTIONS)
    assert {"sex", "age", "view", "site"} <= set(manifest.frame.columns)
    for path, recorded in zip(manifest.paths, manifest.frame["sha256"], strict=True):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == recorded


def test_no_patient_is_in_two_splits_and_some_have_several_films(data: Path) -> None:
    frame = read_manifest(data, CHEST14).frame
    assert (frame.groupby("group")["split"].nunique() == 1).all()
    assert frame.groupby("group").size().max() > 1


def test_places_and_labels_agree(data: Path) -> None:
    manifest, places = read_manifest(data, CHEST14), read_places(data)
    positive = {
        (image, label)
        for image, row in zip(manifest.frame["image"], manifest.targets, strict=True)
        for label, value in zip(CHEST14.labels, row, strict=True)
        if value == 1
    }
    assert positive == set(places)
    assert all(mask.any() for mask in places.values())


def test_boxes_enclose_their_masks(data: Path) -> None:
    places = read_places(data)
    for row in pd.read_parquet(data / FILE_NAME).itertuples():
        rows, columns = np.nonzero(places[str(row.image), str(row.label)])
        assert (columns.min() / 64, rows.min() / 64) == (row.x0, row.y0)
        assert ((columns.max() + 1) / 64, (rows.max() + 1) / 64) == (row.x1, row.y1)


def test_the_report_counts_what_was_made_and_states_the_enrichment(data: Path) -> None:
    report = json.loads((data / "synthesis.json").read_text())
    manifest = read_manifest(data, CHEST14)
    assert (report["seed"], report["patients"], report["films"]) == (SEED, PATIENTS, len(manifest))
    assert report["films_with"] == dict(zip(CHEST14.labels, manifest.targets.sum(axis=0).astype(int).tolist(), strict=True))
    assert report["phantoms"] is True and report["enrichment"]["Hernia"] > 1
    assert sum(report["splits"].values()) == len(manifest)


def test_films_are_grey_pictures(data: Path) -> None:
    for path in sorted((data / "films").iterdir())[:5]:
        assert decode(path.read_bytes()).pixels.shape == (256, 256)


@pytest.mark.parametrize("spec", (PNEUMONIA, SKIN8), ids=lambda spec: spec.task.value)
def test_exclusive_tasks_have_one_label_a_picture_and_say_where_it_lies(spec: TaskSpec, tmp_path: Path) -> None:
    report = synthesize(spec, patients=20, seed=4, out=tmp_path / "data")
    manifest, places = read_manifest(tmp_path / "data", spec), read_places(tmp_path / "data")
    assert manifest.phantoms and report["films"] == len(manifest)
    np.testing.assert_array_equal(manifest.targets.sum(axis=1), 1)
    shown = {(image, label) for image, label in places if label != "NORMAL"}
    assert len(shown) == int(manifest.frame[[label for label in spec.labels if label != "NORMAL"]].to_numpy().sum())
    for path in manifest.paths[:3]:
        assert decode(path.read_bytes()).is_colour == (spec.channels == 3)


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(module, "write_manifest", fails)
    with pytest.raises(RuntimeError, match="disk full"):
        synthesize(CHEST14, patients=20, seed=0, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_too_few_patients_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--patients is 19; at least 20"):
        synthesize(CHEST14, patients=19, seed=0, out=tmp_path / "out")
