from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from model_code.data.manifest import FILE_NAME
from model_code.data.sources import isic
from model_code.data.sources.listing import Listing
from model_code.errors import ManifestError
from model_code.prepare import Order, prepare
from model_code.tasks import SKIN8
from tests import sources


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    return isic.read(sources.isic(tmp_path), SKIN8, table=None, seed=0)


def by_name(listing: Listing) -> pd.DataFrame:
    return listing.table.set_index(listing.table["image"].map(lambda image: Path(image).stem))


def test_three_data_sets_become_one_table(listing: Listing, tmp_path: Path) -> None:
    table = by_name(listing)
    assert len(table) == 48 + 2 + 1  # HAM10000's first picture is ISIC 2019's
    assert (table[list(SKIN8.labels)].sum(axis=1) == 1).all()
    assert all((tmp_path / image).is_file() for image in table["image"])
    assert table.loc["ISIC_0050000", "AK"] == 1 and table.loc["BCN_0000000001", "MEL"] == 1
    assert table.loc["ISIC_0000001", "sex"] == "M" and table.loc["ISIC_0050000", "body_site"] == "face"


def test_pictures_belong_together_by_lesion(listing: Listing) -> None:
    table = by_name(listing)
    assert table.loc["ISIC_0000000", "group"] == table.loc["ISIC_0000001", "group"]
    assert table.loc["ISIC_0050000", "group"] == table.loc["ISIC_0050001", "group"]
    assert (table["group"] == table.loc["ISIC_0000007", "group"]).sum() == 1  # no lesion's number: one of its own
    assert table.groupby("group")["split"].nunique().max() == 1


def test_lesions_that_share_a_picture_are_one(tmp_path: Path) -> None:
    root = sources.isic(tmp_path)
    with (root / "HAM10000_metadata.csv").open("a") as stream:
        stream.write("HAM_0000900,ISIC_0000002,nv,histo,30,female,back\n")
    table = by_name(isic.read(root, SKIN8, table=None, seed=0))
    together = table.loc[["ISIC_0000002", "ISIC_0000003", "ISIC_0050000", "ISIC_0050001"], "group"]
    assert together.nunique() == 1


def test_blanks_behind_a_lesions_number_do_not_make_it_another(tmp_path: Path) -> None:
    root = sources.isic(tmp_path)
    text = (root / "HAM10000_metadata.csv").read_text().replace("HAM_0000900,ISIC_0050001", "HAM_0000900 ,ISIC_0050001")
    (root / "HAM10000_metadata.csv").write_text(text)
    table = by_name(isic.read(root, SKIN8, table=None, seed=0))
    assert table.loc["ISIC_0050000", "group"] == table.loc["ISIC_0050001", "group"]


def test_a_diagnosis_outside_the_task_is_left_out_and_counted(listing: Listing) -> None:
    assert listing.left_out == {"a diagnosis outside the task": 1}
    assert "ISIC_0009999" not in by_name(listing).index


def test_two_diagnoses_of_one_picture_are_told_and_the_first_counts(tmp_path: Path) -> None:
    root = sources.isic(tmp_path)
    text = (root / "HAM10000_metadata.csv").read_text().replace("ISIC_0000000,mel", "ISIC_0000000,vasc")
    (root / "HAM10000_metadata.csv").write_text(text)
    listing = isic.read(root, SKIN8, table=None, seed=0)
    assert "1 pictures have two diagnoses" in listing.notes[0]
    assert by_name(listing).loc["ISIC_0000000", "MEL"] == 1


def test_how_a_diagnosis_was_made_never_reaches_training(tmp_path: Path) -> None:
    """dx_type tells the diagnosis: whatever was excised was suspicious."""
    prepare(Order(spec=SKIN8, source="isic", root=sources.isic(tmp_path / "raw"), seed=0, out=tmp_path / "out", image_size=32))
    frame = pd.read_parquet(tmp_path / "out" / FILE_NAME)
    assert "dx_type" not in frame.columns
    assert not any(frame[name].isin(("histo", "follow_up", "consensus")).any() for name in frame.columns)
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert not any(word in path.read_bytes() for word in (b"dx_type", b"follow_up", b"capture_date")), path.name


def test_a_strange_diagnosis_stops_the_line_by_its_line(tmp_path: Path) -> None:
    root = sources.isic(tmp_path)
    text = (root / "HAM10000_metadata.csv").read_text().replace("akiec,follow_up", "zebra,follow_up")
    (root / "HAM10000_metadata.csv").write_text(text)
    with pytest.raises(ManifestError, match=r"line 3 of .* \(1 such in all\) has a diagnosis that is not known") as raised:
        isic.read(root, SKIN8, table=None, seed=0)
    assert "zebra" not in str(raised.value)


def test_one_table_is_enough(tmp_path: Path) -> None:
    root = sources.isic(tmp_path)
    for name in ("ISIC_2019_Training_GroundTruth.csv", "bcn_20k_train.csv"):
        (root / name).unlink()
    assert len(isic.read(root, SKIN8, table=None, seed=0).table) == 3
    (root / "HAM10000_metadata.csv").unlink()
    with pytest.raises(ManifestError, match="none of the tables"):
        isic.read(root, SKIN8, table=None, seed=0)


def test_a_table_of_tabs_is_read_too(tmp_path: Path) -> None:
    """Dataverse hands HAM10000's out as .tab, with quotes."""
    (tmp_path / "HAM10000_metadata.tab").write_text(
        '"lesion_id"\t"image_id"\t"dx"\t"dx_type"\t"age"\t"sex"\t"localization"\n"HAM_1"\t"ISIC_1"\t"bkl"\t"histo"\t80.0\t"male"\t"scalp"\n'
    )
    table = isic.read(tmp_path, SKIN8, table=None, seed=0).table
    assert table["BKL"].tolist() == [1] and table["age"].tolist() == [80.0]


@pytest.mark.parametrize("marks", ["1.0,1.0", "yes,0.0", "0.5,0.5"])
def test_a_line_that_does_not_mark_one_diagnosis_is_refused(marks: str, tmp_path: Path) -> None:
    table = sources.isic(tmp_path) / "ISIC_2019_Training_GroundTruth.csv"
    table.write_text(table.read_text().replace("1.0,0.0", marks, 1))
    with pytest.raises(ManifestError, match=r"line 2 of .* \(1 such in all\) does not mark one diagnosis"):
        isic.read(tmp_path, SKIN8, table=None, seed=0)
