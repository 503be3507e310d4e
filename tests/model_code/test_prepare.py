"""Somebody's folder becomes a data set: pixels pass on, names stay behind, what cannot be read is said and left out."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from model_code.data import pieces
from model_code.data.films import load_films
from model_code.data.images import decode
from model_code.data.manifest import read_manifest
from model_code.data.phantoms.places import read_places
from model_code.data.shards import open_shards
from model_code.data.split import split_of
from model_code.errors import ManifestError, OverreadError, UsageError
from model_code.machines import Machine
from model_code.prepare import Order, _state, prepare
from model_code.tasks import CHEST14, PNEUMONIA, SKIN8, TaskSpec
from tests.cli import environment
from tests.films import dicom, jpeg, planted_in, png, ramp
from tests.sources import isic, nih, picture, pneumonia

NAMED = "Zebra^Quagga.dcm"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three films that can be read, one that cannot, one that is not there."""
    root = tmp_path / "source"
    root.mkdir()
    (root / NAMED).write_bytes(dicom(ramp(12), BitsStored=12, PhotometricInterpretation="MONOCHROME1"))
    (root / "b.png").write_bytes(png(ramp(16)))
    (root / "c.png").write_bytes(png(picture(1, channels=3)))
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
    report = prepare(Order(spec=CHEST14, source="folder", root=source, seed=3, out=tmp_path / "out"))
    manifest = read_manifest(tmp_path / "out", CHEST14)
    assert len(manifest) == report["films"] == 3
    assert manifest.frame["group"].tolist() == ["G000000", "G000000", "G000001"]
    assert manifest.frame["split"].tolist() == [split_of("007", 3), split_of("007", 3), split_of("8", 3)]
    assert manifest.frame["sex"].tolist() == ["F", "F", "F"]
    assert np.isnan(manifest.targets[2]).all() and (manifest.targets[:2, 0] == [1, 0]).all()
    assert not manifest.phantoms
    assert json.loads((tmp_path / "out" / "preparation.json").read_text()) == report


def test_pixels_pass_on_to_16_bits(source: Path, tmp_path: Path) -> None:
    prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
    for path, name in zip(read_manifest(tmp_path / "out", CHEST14).paths, (NAMED, "b.png", "c.png"), strict=True):
        before = decode((source / name).read_bytes()).pixels
        grey = before if before.ndim == 2 else before.mean(axis=2)
        np.testing.assert_allclose(decode(path.read_bytes()).pixels, grey, atol=0.51 / 65535)


def test_nobody_is_named_in_what_is_written(source: Path, tmp_path: Path) -> None:
    prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.suffix for path in written} == {".png", ".npy", ".txt", ".json", ".html", ".parquet"}
    for path in written:
        assert not planted_in(path.read_bytes()) and not planted_in(path.name), path.name


def test_what_cannot_be_read_is_quarantined_with_a_reason(source: Path, tmp_path: Path) -> None:
    report = prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
    assert [(entry["line"], entry["code"]) for entry in report["quarantined"]] == [(5, "truncated"), (6, "missing")]


def test_a_split_that_the_source_brings_is_kept(source: Path, tmp_path: Path) -> None:
    table = pd.read_csv(source / "manifest.csv", dtype=str).assign(split=["val", "val", "test", "train", "train"])
    table.to_csv(source / "manifest.csv", index=False)
    prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
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
        prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("column", ["image", "group", "Hernia"])
def test_a_missing_column_is_named(column: str, source: Path, tmp_path: Path) -> None:
    pd.read_csv(source / "manifest.csv", dtype=str).drop(columns=column).to_csv(source / "manifest.csv", index=False)
    with pytest.raises(ManifestError, match=rf"lacks the column\(s\) {column}"):
        prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))


@pytest.mark.parametrize("content", [b"", b'image,group\n"open', b"\xff\xfe\x00\x00"])
def test_a_table_that_is_no_csv_is_refused(content: bytes, source: Path, tmp_path: Path) -> None:
    (source / "manifest.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=r"manifest\.csv'"):
        prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))


def test_when_no_film_can_be_read_nothing_is_made(source: Path, tmp_path: Path) -> None:
    for name in (NAMED, "b.png", "c.png"):
        (source / name).write_bytes(b"text")
    with pytest.raises(ManifestError, match="none of the 5 films"):
        prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def test_an_unknown_source_lists_those_there_are(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown source 'pacs'; choose one of: nih, pneumonia, isic, folder"):
        prepare(Order(spec=CHEST14, source="pacs", root=source, seed=0, out=tmp_path / "out"))


def test_the_same_pixels_twice_are_kept_once(source: Path, tmp_path: Path) -> None:
    (source / "c.png").write_bytes((source / "b.png").read_bytes())
    report = prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
    assert [entry["line"] for entry in report["quarantined"] if entry["code"] == "duplicate"] == [4]
    assert len(read_manifest(tmp_path / "out", CHEST14)) == 2


def test_the_same_pixels_in_other_files_are_kept_once_too(source: Path, tmp_path: Path) -> None:
    pixels = picture(1)
    for name, level in (("b.png", 0), ("c.png", 9)):
        (source / name).write_bytes(png(pixels, compress_level=level))
    report = prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
    assert [entry["line"] for entry in report["quarantined"] if entry["code"] == "duplicate"] == [4]
    assert len(list((tmp_path / "out" / "films").iterdir())) == report["films"] == 2


def test_several_machines_make_together_what_one_makes(source: Path, tmp_path: Path) -> None:
    """SageMaker gives each its share of the films (ShardedByS3Key), all of them the table, and puts what they make together."""
    prepare(Order(spec=CHEST14, source="folder", root=source, seed=3, out=tmp_path / "alone"))
    together = tmp_path / "together"
    shares = {"algo-1": [NAMED, "broken.dcm"], "algo-2": ["b.png", "c.png"], "algo-3": []}
    for name, films in shares.items():
        share = tmp_path / name
        share.mkdir()
        for film in films:
            shutil.copy(source / film, share / film)
        machine, table = Machine(name, len(shares)), source / "manifest.csv"
        report = prepare(
            Order(spec=CHEST14, source="folder", root=share, seed=3, out=tmp_path / "part", table=table, machine=machine)
        )
        assert report["left_to_others"] == 5 - len(films)
        shutil.copytree(tmp_path / "part", together, dirs_exist_ok=True)

    assert sorted(path.name for path in together.glob("preparation*.json")) == [f"preparation-{name}.json" for name in shares]
    manifest = read_manifest(together, CHEST14)
    np.testing.assert_array_equal(
        open_shards(together, manifest)[np.arange(3)], load_films(manifest, 256, "films", channels=1)
    )  # fmt: skip
    one, many = (
        read_manifest(folder, CHEST14).frame.set_index("image").sort_index() for folder in (tmp_path / "alone", together)
    )
    pd.testing.assert_frame_equal(one, many, check_dtype=False)


def test_a_film_that_two_machines_met_counts_once(source: Path, tmp_path: Path) -> None:
    for name in ("algo-1", "algo-2"):
        prepare(Order(spec=CHEST14, source="folder", root=source, seed=3, out=tmp_path / name, machine=Machine(name, 2)))
    shutil.copytree(tmp_path / "algo-2", tmp_path / "algo-1", dirs_exist_ok=True)

    assert len(read_manifest(tmp_path / "algo-1", CHEST14)) == 3


def test_copies_that_two_machines_met_are_left_out_of_the_split_that_is_held_out_less(tmp_path: Path) -> None:
    """Neither machine could see both; putting their parts together shows it."""
    films = {"a.png": picture(1), "b.png": picture(2), "c.png": picture(1)}
    root = folder_of(tmp_path / "source", films, split=["train", "train", "test"])
    (root / "c.png").write_bytes(jpeg(picture(1)))
    for name, left in (("algo-1", "c.png"), ("algo-2", "a.png")):
        share = Path(shutil.copytree(root, tmp_path / name))
        (share / left).unlink()
        prepare(Order(spec=CHEST14, source="folder", root=share, seed=0, out=tmp_path / "part", machine=Machine(name, 2)))
        shutil.copytree(tmp_path / "part", tmp_path / "together", dirs_exist_ok=True)

    assert read_manifest(tmp_path / "together", CHEST14).frame["split"].tolist() == ["train", "test"]


def test_each_machine_brings_the_boxes_of_its_films(tmp_path: Path) -> None:
    root = nih(tmp_path / "nih")
    with (root / "BBox_List_2017.csv").open("a") as stream:
        stream.write("00000001_000.png,Cardiomegaly,1,1,9,9,,,\n")
    for name, left in (("algo-1", "images_002"), ("algo-2", "images_001")):
        share = Path(shutil.copytree(root, tmp_path / name))
        shutil.rmtree(share / left)
        prepare(Order(spec=CHEST14, source="nih", root=share, out=tmp_path / "part", image_size=32, machine=Machine(name, 2)))
        shutil.copytree(tmp_path / "part", tmp_path / "together", dirs_exist_ok=True)
    assert sorted(label for _, label in read_places(tmp_path / "together")) == ["Cardiomegaly", "Infiltration"]


def test_a_machine_that_can_read_none_of_its_films_says_so_and_stops_no_other(source: Path, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    shutil.copy(source / "broken.dcm", share)
    machine, table = Machine("algo-2", 2), source / "manifest.csv"
    report = prepare(Order(spec=CHEST14, source="folder", root=share, out=tmp_path / "part", table=table, machine=machine))
    assert report["films"] == 0 and report["quarantined_by_code"] == {"truncated": 1}
    assert not list((tmp_path / "part").glob("manifest*"))


def folder_of(root: Path, films: dict[str, NDArray[np.uint8]], **columns: object) -> Path:
    """A source of films without findings, each of a patient of its own."""
    root.mkdir()
    for name, film in films.items():
        (root / name).write_bytes(png(film))
    table = pd.DataFrame({"image": list(films), "group": list(films), **dict.fromkeys(CHEST14.labels, 0)})
    table.assign(**columns).to_csv(root / "manifest.csv", index=False)
    return root


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    """The same film in train and, as JPEG, in test, under another patient's name."""
    films = {f"{number}.png": picture(number) for number in range(4)}
    root = folder_of(tmp_path / "leaking", films, split=["train", "train", "val", "test"])
    (root / "3.png").write_bytes(jpeg(picture(0)))
    return root


def test_near_duplicates_in_two_splits_stop_the_line_and_are_shown(leaking: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"1 films have a near-duplicate in another split.*--drop-duplicates"):
        prepare(Order(spec=CHEST14, source="folder", root=leaking, seed=0, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    refused = tmp_path / "out.refused"
    report = json.loads((refused / "preparation.json").read_text())
    assert report["pairs"] == [{"numbers": [2, 5], "splits": ["train", "test"]}]
    page = (refused / "preparation.html").read_text()
    assert page.count("data:image/png;base64,") == 2 and "line of the table 2 (train) and 5 (test)" in page


def test_near_duplicates_can_be_left_out(leaking: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        prepare(Order(spec=CHEST14, source="folder", root=leaking, seed=0, out=tmp_path / "out"))
    report = prepare(Order(spec=CHEST14, source="folder", root=leaking, seed=0, out=tmp_path / "out", drop_duplicates=True))
    manifest = read_manifest(tmp_path / "out", CHEST14)
    assert report["films"] == 3 and manifest.frame["split"].tolist() == ["train", "val", "test"]
    assert report["quarantined"] == [{"line": 2, "code": "near_duplicate", "detail": "of 5, in test"}]
    assert len(list((tmp_path / "out" / "films").iterdir())) == 3
    assert len(open_shards(tmp_path / "out", manifest)) == 3


def test_the_same_pixels_in_two_splits_stay_in_the_one_that_is_held_out(leaking: Path, tmp_path: Path) -> None:
    (leaking / "3.png").write_bytes((leaking / "0.png").read_bytes())
    report = prepare(Order(spec=CHEST14, source="folder", root=leaking, seed=0, out=tmp_path / "out"))
    assert [(entry["line"], entry["code"]) for entry in report["quarantined"]] == [(2, "duplicate")]
    assert sorted(read_manifest(tmp_path / "out", CHEST14).frame["split"]) == ["test", "train", "val"]


def test_a_patient_in_two_splits_is_shown(source: Path, tmp_path: Path) -> None:
    rewrite(source, group="7", split=["train", "val", "test", "val", "val"])
    with pytest.raises(
        ManifestError, match=r"line of the table 2 and 3; 1 such in all; .*out\.refused/preparation\.html shows them"
    ):
        prepare(Order(spec=CHEST14, source="folder", root=source, seed=0, out=tmp_path / "out"))
    page = (tmp_path / "out.refused" / "preparation.html").read_text()
    assert page.count("data:image/png;base64,") == 2 and not planted_in(page)


def test_labels_alone_cannot_be_trained_on(tmp_path: Path) -> None:
    root = nih(tmp_path / "nih")
    for folder in root.glob("images_*"):
        shutil.rmtree(folder)
    report = prepare(Order(spec=CHEST14, source="nih", root=root, seed=0, out=tmp_path / "out", labels_only=True))
    assert report["labels_only"] and report["films"] == 5 and report["patients"] == 4
    frame = pd.read_parquet(tmp_path / "out" / "manifest.parquet")
    assert frame["image"].tolist() == [f"line-{number:06d}" for number in range(2, 7)]
    with pytest.raises(ManifestError, match=r"was written with --labels-only, so its 5 films are not there; fetch them"):
        read_manifest(tmp_path / "out", CHEST14)


def test_boxes_follow_their_films(tmp_path: Path) -> None:
    prepare(Order(spec=CHEST14, source="nih", root=nih(tmp_path / "nih"), seed=0, out=tmp_path / "out", image_size=32))
    manifest = read_manifest(tmp_path / "out", CHEST14)
    (place,) = read_places(tmp_path / "out")
    assert place[1] == "Infiltration"
    assert manifest.frame.set_index("image").loc[place[0], "Infiltration"] == 1


@pytest.mark.parametrize(("source", "spec", "write"), [("pneumonia", PNEUMONIA, pneumonia), ("isic", SKIN8, isic)])
def test_each_source_becomes_a_data_set(source: str, spec: TaskSpec, write: Callable[[Path], Path], tmp_path: Path) -> None:
    report = prepare(Order(spec=spec, source=source, root=write(tmp_path / "raw"), seed=0, out=tmp_path / "out", image_size=32))
    manifest = read_manifest(tmp_path / "out", spec)
    assert len(manifest) == report["films"] > 40 and report["quarantined"] == []
    assert (manifest.targets.sum(axis=1) == 1).all()
    shards = open_shards(tmp_path / "out", manifest)
    np.testing.assert_array_equal(
        shards[np.arange(len(manifest))], load_films(manifest, shards.side, "films", channels=spec.channels)
    )


def test_a_source_of_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the source 'isic' is for the task 'skin8', not 'chest14'"):
        prepare(Order(spec=CHEST14, source="isic", root=tmp_path, seed=0, out=tmp_path / "out"))


def test_a_source_that_lists_its_files_needs_all_of_them(tmp_path: Path) -> None:
    root, machine = pneumonia(tmp_path / "raw"), Machine("algo-1", 2)
    with pytest.raises(UsageError, match="needs all of its files"):
        prepare(Order(spec=PNEUMONIA, source="pneumonia", root=root, out=tmp_path / "out", machine=machine))


@pytest.mark.parametrize("out", ["source", ".", "source/data"])
def test_the_source_is_never_replaced(out: str, source: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="choose another --out"):
        prepare(Order(spec=CHEST14, source="folder", root=source, out=tmp_path / out))
    assert sorted(tmp_path.rglob("*")) == before


def test_somebodys_folder_is_not_replaced(source: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    with pytest.raises(UsageError, match="would be replaced as a whole"):
        prepare(Order(spec=CHEST14, source="folder", root=source, out=tmp_path / "thesis"))


def test_a_source_without_a_row_is_refused(source: Path, tmp_path: Path) -> None:
    pd.read_csv(source / "manifest.csv").head(0).to_csv(source / "manifest.csv", index=False)
    with pytest.raises(ManifestError, match="names no picture"):
        prepare(Order(spec=CHEST14, source="folder", root=source, out=tmp_path / "out"))


def test_a_root_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder at"):
        prepare(Order(spec=CHEST14, source="nih", root=tmp_path / "nih", out=tmp_path / "out"))


def test_after_a_refusal_films_that_stood_twice_are_no_trouble(leaking: Path, tmp_path: Path) -> None:
    """The run goes on from a folder in which an earlier one had looked at, and could have removed, the same films."""
    (leaking / "2.png").write_bytes(png(picture(1), compress_level=9))  # the pixels of 1.png in another file, held out
    order = Order(spec=CHEST14, source="folder", root=leaking, out=tmp_path / "out")
    for _ in range(2):
        with pytest.raises(ManifestError, match="near-duplicate"):
            prepare(order)
    report = prepare(replace(order, drop_duplicates=True))
    assert report["quarantined_by_code"] == {"duplicate": 1, "near_duplicate": 1}
    assert len(list((tmp_path / "out" / "films").iterdir())) == report["films"] == 2


def test_after_a_refusal_pictures_that_have_changed_are_looked_at_again(
    leaking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_code.data.shards.MOST_ROWS", 1)
    (leaking / "1.png").unlink()
    (leaking / "2.png").write_bytes(png(picture(2))[:-100])
    order = Order(spec=CHEST14, source="folder", root=leaking, out=tmp_path / "out", image_size=32)
    with pytest.raises(ManifestError, match="near-duplicate"):
        prepare(order)
    made: list[str] = []
    make_one = pieces.make_one

    def counted(piece: pieces.Piece, job: pieces.Job) -> None:
        made.append(piece.name)
        make_one(piece, job)

    monkeypatch.setattr(pieces, "make_one", counted)
    for number in (1, 2, 3):
        (leaking / f"{number}.png").write_bytes(png(picture(number)))
    report = prepare(order)
    assert report["films"] == 4 and report["quarantined"] == []
    assert sorted(made) == ["test-00000", "train-00001", "val-00000"]  # not 0.png's
    assert len(list((tmp_path / "out" / "films").iterdir())) == 4
    prepare(replace(order, out=tmp_path / "fresh"))
    one, other = (read_manifest(tmp_path / name, CHEST14).frame for name in ("out", "fresh"))
    pd.testing.assert_frame_equal(one, other)


def test_a_picture_of_the_same_size_that_keeps_its_time_is_another_one(tmp_path: Path) -> None:
    path = tmp_path / "0.png"
    path.write_bytes(b"one")
    known, there = _state(path), path.stat()
    assert _state(path) == known
    time.sleep(0.02)  # a file system notes times by the tick
    path.write_bytes(b"two")
    os.utime(path, ns=(there.st_atime_ns, there.st_mtime_ns))
    assert _state(path) != known


def test_a_picture_that_can_no_longer_be_read_leaves_nothing_behind(
    leaking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_code.data.shards.MOST_ROWS", 1)
    order = Order(spec=CHEST14, source="folder", root=leaking, out=tmp_path / "out", image_size=32)
    with pytest.raises(ManifestError, match="near-duplicate"):
        prepare(order)
    (leaking / "3.png").unlink()
    assert prepare(order)["quarantined_by_code"] == {"missing": 1}
    assert len(list((tmp_path / "out" / "films").iterdir())) == 3
    assert not list((tmp_path / "out" / "shards").glob("test-*"))


def test_a_full_disk_is_one_line_and_the_run_goes_on(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if "films" in self.parts:
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return write(self, data)

    order = Order(spec=CHEST14, source="folder", root=source, out=tmp_path / "out")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OverreadError, match=r"No space left on device\); make room, then run the same command again"):
        prepare(order)
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(Path, "write_bytes", write)
    assert prepare(order)["films"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_command(number: signal.Signals, tmp_path: Path) -> None:
    films = {f"{number}.png": picture(number, side=256) for number in range(400)}
    root = folder_of(tmp_path / "source", films)
    records = tmp_path / ".out.making" / "records"
    command = [sys.executable, "-c", RUN, str(root), str(tmp_path / "out")]
    process = subprocess.Popen(command, env=environment(), start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and not list(records.glob("*.json")):
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(timeout=60) != 0
        while _alive(process.pid):
            time.sleep(0.05)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _alive(group: int) -> bool:
    """Whether a process of the group runs; one that has ended and that nobody has waited for does not count."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, own = entry.read_text().rpartition(")")[2].split()[:3]
            if int(own) == group and state != "Z":
                return True
    return False


def test_killed_at_any_time_it_goes_on_and_ends_in_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real processes, really killed; what was finished is not made again."""
    films = {f"{number}.png": picture(number, side=256) for number in range(96)}
    root = folder_of(tmp_path / "source", films, split=["train", "val", "test"] * 32)
    command = [sys.executable, "-c", RUN, str(root), str(tmp_path / "killed")]
    records = tmp_path / ".killed.making" / "records"
    for wanted in (2, 5):
        process = subprocess.Popen(command, env=environment(), start_new_session=True, stderr=subprocess.DEVNULL)
        try:
            while process.poll() is None and len(list(records.glob("*.json"))) < wanted:
                time.sleep(0.01)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert not (tmp_path / "killed").exists()
    finished = {path.name: path.stat().st_mtime_ns for path in records.glob("*.json")}
    assert 5 <= len(finished) < 24

    monkeypatch.setattr("model_code.data.shards.MOST_ROWS", 4)
    made: list[str] = []
    monkeypatch.setattr(pieces, "FEW", 1000)
    make_one = pieces.make_one

    def counted(piece: pieces.Piece, job: pieces.Job) -> None:
        made.append(f"{piece.name}.json")
        make_one(piece, job)

    monkeypatch.setattr(pieces, "make_one", counted)
    for name in ("killed", "whole"):
        prepare(Order(spec=CHEST14, source="folder", root=root, seed=0, out=tmp_path / name, image_size=64))
        if name == "killed":
            assert not set(made) & set(finished) and len(made) == 24 - len(finished)
    tree = {
        name: {path.relative_to(tmp_path / name): path for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("killed", "whole")
    }
    assert sorted(tree["killed"]) == sorted(tree["whole"]) and len(tree["whole"]) > 96
    assert all(path.read_bytes() == tree["whole"][name].read_bytes() for name, path in tree["killed"].items())


RUN = """
import signal
import sys
from pathlib import Path
from model_code.data import shards
shards.MOST_ROWS = 4
from model_code.prepare import Order, _state, prepare
from model_code.tasks import CHEST14
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in a script's background begin deaf to it
    prepare(Order(spec=CHEST14, source="folder", root=Path(sys.argv[1]), seed=0, out=Path(sys.argv[2]), image_size=64))
"""
"""What ``overread prepare`` runs, in pieces of four films."""
