"""Somebody's folder becomes a data set: pixels pass on, names stay behind, what cannot be read is said and left out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.data.images import decode
from model_code.data.manifest import read_manifest
from model_code.data.split import split_of
from model_code.errors import ManifestError, UsageError
from model_code.machines import Machine
from model_code.prepare import prepare
from model_code.tasks import CHEST14
from tests.films import dicom, planted_in, png, ramp

NAMED = "Zebra^Quagga.dcm"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three films that can be read, one that cannot, one that is not there."""
    root = tmp_path / "source"
    root.mkdir()
    (root / NAMED).write_bytes(dicom(ramp(12), BitsStored=12, PhotometricInterpretation="MONOCHROME1"))
    (root / "b.png").write_bytes(png(ramp(16)))
    (root / "c.png").write_bytes(png(np.stack([ramp(8), ramp(8) // 2, ramp(8) // 4], axis=2)))
    (root / "broken.dcm").write_bytes(dicom(ramp(12))[:-100])
    table = pd.DataFrame(
        {
            "image": [NAMED, "b.png", "c.png", "broken.dcm", "missing.png"],
            "group": ["007", "007", "8", "9", "10"],
            "PatientName": "Zebra^Quagga",
            "sex": "F",
            **{label: [1, 0, None, 0, 1] for label in CHEST14.labels},
        }
    )
    table.to_csv(root / "manifest.csv", index=False)
    return root


def test_a_folder_becomes_a_manifest(source: Path, tmp_path: Path) -> None:
    report = prepare(CHEST14, source="folder", root=source, seed=3, out=tmp_path / "out")
    manifest = read_manifest(tmp_path / "out", CHEST14)
    assert len(manifest) == report["films"] == 3
    assert manifest.frame["group"].tolist() == ["G000000", "G000000", "G000001"]
    assert manifest.frame["split"].tolist() == [split_of("007", 3), split_of("007", 3), split_of("8", 3)]
    assert manifest.frame["sex"].tolist() == ["F", "F", "F"]
    assert np.isnan(manifest.targets[2]).all() and (manifest.targets[:2, 0] == [1, 0]).all()
    assert not manifest.phantoms
    assert json.loads((tmp_path / "out" / "preparation.json").read_text()) == report


def test_pixels_pass_on_to_16_bits(source: Path, tmp_path: Path) -> None:
    prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")
    for path, name in zip(read_manifest(tmp_path / "out", CHEST14).paths, (NAMED, "b.png", "c.png"), strict=True):
        before = decode((source / name).read_bytes()).pixels
        grey = before if before.ndim == 2 else before.mean(axis=2)
        np.testing.assert_allclose(decode(path.read_bytes()).pixels, grey, atol=0.51 / 65535)


def test_nobody_is_named_in_what_is_written(source: Path, tmp_path: Path) -> None:
    prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) == 5
    for path in written:
        assert not planted_in(path.read_bytes()) and not planted_in(path.name), path.name


def test_what_cannot_be_read_is_quarantined_with_a_reason(source: Path, tmp_path: Path) -> None:
    report = prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")
    assert [(entry["line"], entry["code"]) for entry in report["quarantined"]] == [(5, "truncated"), (6, "missing")]


def test_a_split_that_the_source_brings_is_kept(source: Path, tmp_path: Path) -> None:
    table = pd.read_csv(source / "manifest.csv", dtype=str).assign(split=["val", "val", "test", "train", "train"])
    table.to_csv(source / "manifest.csv", index=False)
    prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")
    assert read_manifest(tmp_path / "out", CHEST14).frame["split"].tolist() == ["val", "val", "test"]


def rewrite(source: Path, **columns: object) -> None:
    table = pd.read_csv(source / "manifest.csv", dtype=str)
    table.assign(**columns).to_csv(source / "manifest.csv", index=False)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"Mass": 2}, "label 'Mass' holds the value 2"),
        ({"image": "b.png"}, "the same image stands in rows 1, 2, 3, 4, 5"),
        ({"group": "7", "split": ["train", "val", "test", "val", "val"]}, "one patient is in 3 splits"),
        ({"image": ["../b.png", "b.png", "c.png", "d", "e"]}, "image path in row 1 leads out"),
        ({"group": ["7", None, "8", "9", "10"]}, "'group' of the manifest is empty in row 2"),
    ],
)
def test_a_table_that_must_not_be_trained_on_is_refused(
    columns: dict[str, object], says: str, source: Path, tmp_path: Path
) -> None:
    rewrite(source, **columns)
    with pytest.raises(ManifestError, match=says):
        prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("column", ["image", "group", "Hernia"])
def test_a_missing_column_is_named(column: str, source: Path, tmp_path: Path) -> None:
    pd.read_csv(source / "manifest.csv", dtype=str).drop(columns=column).to_csv(source / "manifest.csv", index=False)
    with pytest.raises(ManifestError, match=rf"lacks the column\(s\) {column}"):
        prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b'image,group\n"open', b"\xff\xfe\x00\x00"])
def test_a_table_that_is_no_csv_is_refused(content: bytes, source: Path, tmp_path: Path) -> None:
    (source / "manifest.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=r"manifest\.csv'"):
        prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")


def test_when_no_film_can_be_read_nothing_is_made(source: Path, tmp_path: Path) -> None:
    for name in (NAMED, "b.png", "c.png"):
        (source / name).write_bytes(b"text")
    with pytest.raises(ManifestError, match="none of the 5 films"):
        prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def test_an_unknown_source_lists_those_there_are(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown source 'pacs'; choose one of: folder"):
        prepare(CHEST14, source="pacs", root=source, seed=0, out=tmp_path / "out")


def test_the_same_pixels_twice_are_kept_once(source: Path, tmp_path: Path) -> None:
    (source / "c.png").write_bytes((source / "b.png").read_bytes())
    report = prepare(CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out")
    assert [entry["line"] for entry in report["quarantined"] if entry["code"] == "duplicate"] == [4]
    assert len(read_manifest(tmp_path / "out", CHEST14)) == 2


def test_several_machines_make_together_what_one_makes(source: Path, tmp_path: Path) -> None:
    """SageMaker gives each its share of the films (ShardedByS3Key), all of them the table, and puts what they make together."""
    prepare(CHEST14, source="folder", root=source, seed=3, out=tmp_path / "alone")
    together = tmp_path / "together"
    shares = {"algo-1": [NAMED, "broken.dcm"], "algo-2": ["b.png", "c.png"], "algo-3": []}
    for name, films in shares.items():
        share = tmp_path / name
        share.mkdir()
        for film in films:
            shutil.copy(source / film, share / film)
        machine, table = Machine(name, len(shares)), source / "manifest.csv"
        report = prepare(CHEST14, source="folder", root=share, seed=3, out=tmp_path / "part", table=table, machine=machine)
        assert report["left_to_others"] == 5 - len(films)
        shutil.copytree(tmp_path / "part", together, dirs_exist_ok=True)

    assert sorted(path.name for path in together.glob("preparation*")) == [f"preparation-{name}.json" for name in shares]
    one, many = (
        read_manifest(folder, CHEST14).frame.set_index("image").sort_index() for folder in (tmp_path / "alone", together)
    )
    pd.testing.assert_frame_equal(one, many, check_dtype=False)


def test_a_film_that_two_machines_met_counts_once(source: Path, tmp_path: Path) -> None:
    for name in ("algo-1", "algo-2"):
        prepare(CHEST14, source="folder", root=source, seed=3, out=tmp_path / name, machine=Machine(name, 2))
    shutil.copytree(tmp_path / "algo-2", tmp_path / "algo-1", dirs_exist_ok=True)

    assert len(read_manifest(tmp_path / "algo-1", CHEST14)) == 3
