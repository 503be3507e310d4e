from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_code.data.images import LIMITS, decode
from model_code.data.pseudonyms import Pseudonyms
from model_code.deidentify import deidentify
from model_code.errors import ManifestError, UsageError
from model_code.prepare import Order, prepare
from model_code.tasks import CHEST14
from tests.burned_in import burn
from tests.cli import overread
from tests.films import dicom, planted_in, png, ramp, real_film

KEY = Pseudonyms(b"0" * 32)
STUDY: dict[str, Any] = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4", "StudyDate": "20240301"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Films of two patients by a careless hand: names in paths, an archive, and things that are no films."""
    folder = tmp_path / "Zebra^Quagga"
    folder.mkdir()
    (folder / "one.dcm").write_bytes(dicom(ramp(12), **STUDY))
    (folder / "two.dcm").write_bytes(dicom(ramp(12, 48), **STUDY))
    (folder / "other.dcm").write_bytes(dicom(ramp(12), **STUDY, PatientID="MRN-4712"))
    (folder / "Quagga.txt").write_text("about Zebra^Quagga")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("Okapi/Quagga.png", png(ramp(8)))
        archive.writestr("Okapi/Quagga.pdf", b"%PDF Quagga")
    return tmp_path


def table(root: Path, *lines: str, columns: str = "image,group,Mass,age,remark") -> None:
    (root / "manifest.csv").write_text("\n".join([columns, *lines]) + "\n")


def test_films_come_out_of_folders_and_archives_and_the_rest_is_told(root: Path, tmp_path: Path) -> None:
    out = tmp_path.parent / f"{tmp_path.name}-clean"
    report = deidentify(CHEST14, root=root, out=out, pseudonyms=KEY)
    films = sorted(path for path in (out / "films").rglob("*") if path.is_file())

    assert report["films"] == len(films) == 4
    assert report["files"] == 6
    assert {entry["code"] for entry in report["quarantined"]} == {"not_an_image"}
    assert len({path.parent for path in films if path.suffix == ".dcm"}) == 2
    assert json.loads((out / "deidentification.json").read_text()) == report
    for path in out.rglob("*"):
        assert not planted_in(str(path.relative_to(out)))
        assert path.is_dir() or not planted_in(path.read_bytes())


def test_the_table_follows_its_films(root: Path, tmp_path: Path) -> None:
    out = tmp_path.parent / f"{tmp_path.name}-clean"
    names = ("one", "two", "other", "gone")
    table(root, *(f"Zebra^Quagga/{name}.dcm,MRN-{name[0]},1,9{n},saw Quagga" for n, name in enumerate(names)))
    report = deidentify(CHEST14, root=root, out=out, pseudonyms=KEY)
    rows = list(csv.DictReader((out / "manifest.csv").read_text().splitlines()))

    assert (report["rows"], report["rows_without_a_film"]) == (3, 1)
    assert rows[0].keys() == {"image", "group", "Mass", "age"}
    assert all((out / row["image"]).is_file() and row["age"] == "90" for row in rows)
    assert [row["group"] for row in rows[::2]] == [KEY.patient("MRN-o")] * 2
    assert not planted_in((out / "manifest.csv").read_text())


def test_what_comes_out_can_be_prepared(root: Path, tmp_path: Path) -> None:
    out = tmp_path.parent / f"{tmp_path.name}-clean"
    labels = ",".join(CHEST14.labels)
    lines = [f"Zebra^Quagga/{name}.dcm,A{',0' * len(CHEST14.labels)}" for name in ("one", "two")]
    table(root, *lines, columns=f"image,group,{labels}")
    deidentify(CHEST14, root=root, out=out, pseudonyms=KEY)

    assert prepare(Order(spec=CHEST14, source="folder", root=out, seed=0, out=out.with_name(f"{out.name}-data")))["films"] == 2


def test_the_report_says_where_text_was_painted_over(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    burned = burn(np.full((400, 400), 60, np.uint8), "ZEBRA QUAGGA", height=14, value=255.0)
    (root / "text.png").write_bytes(png(burned.film))
    (root / "plain.png").write_bytes(png(ramp(8)))
    report = deidentify(CHEST14, root=root, out=tmp_path / "out", pseudonyms=KEY)
    (painted,) = report["painted"]
    (region,) = painted["regions"]

    assert (tmp_path / "out" / painted["film"]).is_file()
    assert region.keys() == {"x", "y", "width", "height"}
    assert json.loads((tmp_path / "out" / "deidentification.json").read_text())["painted"] == report["painted"]


def test_a_report_can_go_elsewhere(root: Path, tmp_path: Path) -> None:
    out, report = (tmp_path.parent / f"{tmp_path.name}-{name}" for name in ("clean", "report"))
    deidentify(CHEST14, root=root, out=out, pseudonyms=KEY, report=report)

    assert (report / "deidentification.json").is_file()
    assert not (out / "deidentification.json").exists()


def test_a_film_in_an_archive_has_the_limits_of_any_other(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    with zipfile.ZipFile(root / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film.dcm", bytes(LIMITS.max_bytes + 10))
    report = deidentify(CHEST14, root=root, out=tmp_path / "out", pseudonyms=KEY)

    assert [entry["code"] for entry in report["quarantined"]] == ["too_large"]


def test_a_damaged_member_does_not_stop_the_others(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    with zipfile.ZipFile(root / "films.zip", "w") as archive:
        for name in ("a.png", "b.png"):
            archive.writestr(name, png(ramp(8), compress_level=0))
    content = bytearray((root / "films.zip").read_bytes())
    content[200:240] = bytes(40)
    (root / "films.zip").write_bytes(content)
    report = deidentify(CHEST14, root=root, out=tmp_path / "out", pseudonyms=KEY)

    assert report["films"] == 1
    assert [entry["code"] for entry in report["quarantined"]] == ["damaged_archive"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_flipped_bytes_in_a_packed_member_do_not_stop_the_others(tmp_path: Path, method: int) -> None:
    root = tmp_path / "in"
    root.mkdir()
    with zipfile.ZipFile(root / "films.zip", "w", method) as archive:
        archive.writestr("a.png", png(ramp(8)))
    content = bytearray((root / "films.zip").read_bytes())
    content[60:75] = b"\xff" * 15
    (root / "films.zip").write_bytes(content)
    (root / "whole.png").write_bytes(png(ramp(16)))
    report = deidentify(CHEST14, root=root, out=tmp_path / "out", pseudonyms=KEY)

    assert report["films"] == 1
    assert [entry["code"] for entry in report["quarantined"]] == ["damaged_archive"]


@pytest.mark.parametrize("damage", ["directory", "cut"])
def test_an_archive_that_cannot_be_opened_does_not_stop_the_others(tmp_path: Path, damage: str) -> None:
    root = tmp_path / "in"
    root.mkdir()
    with zipfile.ZipFile(root / "films.zip", "w") as archive:
        archive.writestr("a.png", png(ramp(8)))
    content = (root / "films.zip").read_bytes()
    (root / "films.zip").write_bytes(content[:-30] if damage == "cut" else content.replace(b"PK\1\2", b"\0K\1\2"))
    (root / "whole.png").write_bytes(png(ramp(16)))
    report = deidentify(CHEST14, root=root, out=tmp_path / "out", pseudonyms=KEY)

    assert report["films"] == 1
    assert [entry["code"] for entry in report["quarantined"]] == ["damaged_archive"]


@pytest.mark.parametrize("case", ["no_folder", "nothing", "within"])
def test_wrong_use_leaves_nothing_behind(tmp_path: Path, case: str) -> None:
    root = tmp_path / "in"
    if case != "no_folder":
        root.mkdir()
    out = root / "out" if case == "within" else tmp_path / "out"

    with pytest.raises(UsageError, match={"no_folder": "no folder", "nothing": "no file", "within": "among the films"}[case]):
        deidentify(CHEST14, root=root, out=out, pseudonyms=KEY)
    assert not out.exists()


def test_a_folder_with_something_else_in_it_is_not_replaced_and_one_of_an_earlier_run_is(root: Path, tmp_path: Path) -> None:
    out = tmp_path.parent / f"{tmp_path.name}-clean"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="holds other files"):
        deidentify(CHEST14, root=root, out=out, pseudonyms=KEY)
    assert (out / "thesis.txt").read_text() == "years of work"

    (out / "thesis.txt").unlink()
    for _ in range(2):
        deidentify(CHEST14, root=root, out=out, pseudonyms=KEY)


def test_a_table_without_its_columns_is_refused_as_a_whole(root: Path, tmp_path: Path) -> None:
    out = tmp_path.parent / f"{tmp_path.name}-clean"
    table(root, "Zebra^Quagga/one.dcm,1", columns="image,Mass")

    with pytest.raises(ManifestError, match=r"lacks the column\(s\) group"):
        deidentify(CHEST14, root=root, out=out, pseudonyms=KEY)
    assert not out.exists()


@pytest.mark.parametrize("line", ["one.dcm,1,Quagga, Zebra,0", "one.dcm,1,x,Zebra^Quagga", "one.dcm,1,Mass"])
def test_a_table_that_could_name_somebody_is_refused_before_any_film_is_read(
    root: Path, tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path.parent / f"{tmp_path.name}-clean"
    table(root, "Zebra^Quagga/two.dcm,MRN,remark,0", line, columns="image,group,remark,Mass")
    monkeypatch.setattr("model_code.deidentify.deidentify_film", lambda *_: pytest.fail("a film was read"))

    with pytest.raises(ManifestError, match="line 3") as raised:
        deidentify(CHEST14, root=root, out=out, pseudonyms=KEY)
    assert "Quagga" not in str(raised.value).replace(str(root), "")
    assert not out.exists()


def test_the_command_tells_rows_without_a_film(root: Path, tmp_path: Path) -> None:
    out = tmp_path.parent / f"{tmp_path.name}-clean"
    (tmp_path.parent / f"{tmp_path.name}-key").write_bytes(b"7" * 32)
    table(root, "Zebra^Quagga\\one.dcm,A,1", "Zebra^Quagga/Two.dcm,A,1", columns="image,group,Mass")
    done = overread("deidentify", "--root", root, "--out", out, "--key", tmp_path.parent / f"{tmp_path.name}-key")

    assert "1 rows of manifest.csv left out" in done.stdout, done.stderr
    assert len((out / "manifest.csv").read_text().splitlines()) == 2


def test_the_command_makes_a_real_chest_film_nameless(tmp_path: Path) -> None:
    original = real_film("RG1_J2KI.dcm")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "film.dcm").write_bytes(original)
    (tmp_path / "key").write_bytes(b"7" * 32)
    done = overread("deidentify", "--root", tmp_path / "in", "--out", tmp_path / "out", "--key", tmp_path / "key", "--json")
    (film,) = (tmp_path / "out").rglob("*.dcm")

    assert json.loads(done.stdout)["films"] == 1, done.stderr
    assert b"CompressedSamples" in original
    assert b"CompressedSamples" not in film.read_bytes()
    assert np.array_equal(decode(film.read_bytes()).pixels, decode(original).pixels)
