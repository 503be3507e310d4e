from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from model_code.data.sources import pneumonia
from model_code.data.sources.listing import Listing
from model_code.errors import ManifestError
from model_code.tasks import PNEUMONIA
from tests import sources


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    return pneumonia.read(sources.pneumonia(tmp_path), PNEUMONIA, table=None, seed=0)


def row(table: pd.DataFrame, name: str) -> pd.Series:
    return table[table["image"].str.endswith(name)].iloc[0]


def test_folders_are_labels_and_what_archives_leave_behind_is_passed_over(listing: Listing) -> None:
    table = listing.table
    assert len(table) == 54 and not table["image"].str.contains("MACOSX|DS_Store").any()
    assert (table["NORMAL"] + table["PNEUMONIA"] == 1).all()
    assert row(table, "train/NORMAL/IM-0115-0001.jpeg")["NORMAL"] == 1


def test_patients_come_from_the_names(listing: Listing) -> None:
    table = listing.table
    assert row(table, "IM-0115-0001.jpeg")["group"] == row(table, "IM-0115-0002.jpeg")["group"] == "IM-0115"
    assert row(table, "NORMAL2-IM-0116-0001-0001.jpeg")["group"] == "NORMAL2-IM-0116"
    assert row(table, "person1_bacteria_1.jpeg")["group"] == row(table, "person1_bacteria_2.jpeg")["group"] == "person1"
    # counted apart from the persons with bacteria: another patient
    assert row(table, "person1_virus_6.jpeg")["group"] == row(table, "person1_virus_7.jpeg")["group"] == "test person1"


def test_validation_is_taken_from_train_by_patient_and_test_stays(listing: Listing) -> None:
    table = listing.table
    assert table.groupby("group")["split"].nunique().max() == 1
    assert set(table["split"][table["image"].str.contains("/test/")]) == {"test"}
    others = table["split"][~table["image"].str.contains("/test/")]
    assert set(others) == {"train", "val"} and 0.02 < (others == "val").mean() < 0.3
    assert "(2 films) joined train/" in listing.notes[0]


def test_one_person_with_one_kind_in_train_and_test_is_one_group(tmp_path: Path) -> None:
    root = sources.pneumonia(tmp_path)
    sources.save(root / "chest_xray/test/PNEUMONIA/person1_bacteria_9.jpeg", 99)
    table = pneumonia.read(root, PNEUMONIA, table=None, seed=0).table
    assert table.groupby("group")["split"].nunique()["person1"] == 2  # which prepare refuses


def test_mendeleys_names_are_known(tmp_path: Path) -> None:
    for name in (
        "train/PNEUMONIA/BACTERIA-1008087-0001.jpeg",
        "train/PNEUMONIA/VIRUS-1008087-0002.jpeg",
        "train/NORMAL/NORMAL-12-0001.jpeg",
    ):
        sources.save(tmp_path / name, len(name))
    table = pneumonia.read(tmp_path, PNEUMONIA, table=None, seed=0).table
    assert sorted(table["group"]) == ["1008087", "1008087", "12"]


def test_a_name_that_names_nobody_is_a_patient_of_its_own_and_said(tmp_path: Path) -> None:
    root = sources.pneumonia(tmp_path)
    sources.save(root / "chest_xray/train/NORMAL/scan (3).jpeg", 99)
    listing = pneumonia.read(root, PNEUMONIA, table=None, seed=0)
    assert "the names of 1 films name no patient" in listing.notes[1]
    assert listing.table["group"].notna().all()


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no train/ in"):
        pneumonia.read(tmp_path, PNEUMONIA, table=None, seed=0)
    (tmp_path / "train").mkdir()
    with pytest.raises(ManifestError, match="no picture in any NORMAL/ nor PNEUMONIA/"):
        pneumonia.read(tmp_path, PNEUMONIA, table=None, seed=0)


@pytest.mark.parametrize("above", ["", "ChestXRay2017", "a/b"])
def test_the_tree_is_found_where_archives_put_it(above: str, tmp_path: Path) -> None:
    sources.pneumonia(tmp_path / above)
    sources.save(tmp_path / above / "chest_xray" / "chest_xray" / "train" / "NORMAL" / "IM-1-0001.jpeg", 1)  # as in Kaggle's
    listed = pneumonia.read(tmp_path, PNEUMONIA, table=None, seed=0).table
    assert len(listed) == 54 and all((tmp_path / image).is_file() for image in listed["image"])


def test_of_two_trees_none_is_chosen(tmp_path: Path) -> None:
    for name in ("one", "two"):
        sources.pneumonia(tmp_path / name)
    with pytest.raises(ManifestError, match=r"2 folders below .* hold a train/; make --root the one"):
        pneumonia.read(tmp_path, PNEUMONIA, table=None, seed=0)


def test_folders_may_be_written_in_small_letters(tmp_path: Path) -> None:
    whole = pneumonia.read(sources.pneumonia(tmp_path / "a"), PNEUMONIA, table=None, seed=0).table
    for part in sorted(sources.pneumonia(tmp_path / "b").rglob("*/train")):
        (part / "NORMAL").rename(part / "normal")
        part.rename(part.with_name("Train"))
    assert len(pneumonia.read(tmp_path / "b", PNEUMONIA, table=None, seed=0).table) == len(whole)


def test_a_tree_of_one_class_is_refused(tmp_path: Path) -> None:
    for folder in sorted(sources.pneumonia(tmp_path).rglob("PNEUMONIA")):
        shutil.rmtree(folder)
    with pytest.raises(ManifestError, match="no picture in any PNEUMONIA/ below"):
        pneumonia.read(tmp_path, PNEUMONIA, table=None, seed=0)
