from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.data.sources import folder
from model_code.errors import ManifestError
from model_code.tasks import CHEST14, PNEUMONIA, SKIN8
from tests import sources
from tests.films import dicom, ramp


def test_a_tree_of_classes_in_splits(tmp_path: Path) -> None:
    for number, name in enumerate(("train/mel/a.jpg", "train/NV/deep/b.jpg", "Validation/BCC/c.jpg", "test/scc/d.jpg")):
        sources.save(tmp_path / name, number, channels=3)
    listing = folder.read(tmp_path, SKIN8, table=None, seed=0)
    table = listing.table.set_index("image")
    assert table.loc["train/mel/a.jpg", ["MEL", "NV", "split"]].tolist() == [1, 0, "train"]
    assert table.loc["train/NV/deep/b.jpg", "NV"] == 1
    assert table.loc["Validation/BCC/c.jpg", "split"] == "val"
    assert "4 pictures name no lesion" in listing.notes[0] and listing.from_files


def test_a_tree_without_splits_says_nothing_of_other_findings(tmp_path: Path) -> None:
    sources.save(tmp_path / "Mass" / "a.png", 1)
    sources.save(tmp_path / "No Finding" / "b.png", 2)
    table = folder.read(tmp_path, CHEST14, table=None, seed=0).table
    assert table["Mass"].tolist() == [1, 0] and np.isnan(table["Edema"][0]) and table["Edema"][1] == 0


def test_a_folder_that_is_no_label_is_not_passed_over(tmp_path: Path) -> None:
    for name in ("NORMAL", "PNEUMONIA", "COVID"):
        sources.save(tmp_path / name / "a.png", len(name))
    with pytest.raises(
        ManifestError, match=r"1 folders under .* are no label of task 'pneumonia'; allowed: NORMAL, PNEUMONIA"
    ) as raised:
        folder.read(tmp_path, PNEUMONIA, table=None, seed=0)
    assert "COVID" not in str(raised.value)


def test_folders_called_like_labels_beside_train_are_not_passed_over(tmp_path: Path) -> None:
    for name in ("train/Mass", "test/Mass", "no_finding", "docs"):
        sources.save(tmp_path / name / "a.png", len(name))
    with pytest.raises(ManifestError, match=r"1 folders in .* are called like labels but lie beside train/ and test/"):
        folder.read(tmp_path, CHEST14, table=None, seed=0)
    (tmp_path / "no_finding").rename(tmp_path / "train" / "no_finding")
    assert len(folder.read(tmp_path, CHEST14, table=None, seed=0).table) == 3


def test_a_patient_whose_number_has_a_blank_in_one_line_is_one_patient(tmp_path: Path) -> None:
    groups = [f"P{number // 2}{' ' * (number % 2)}" for number in range(40)]
    table = pd.DataFrame({"image": [f"{number}.png" for number in range(40)], "group": groups})
    table.assign(**dict.fromkeys(CHEST14.labels, 0)).to_csv(tmp_path / "manifest.csv", index=False)
    listed = folder.read(tmp_path, CHEST14, table=None, seed=0).table
    assert listed["group"].nunique() == 20 and listed.groupby("group")["split"].nunique().max() == 1


def write(path: Path, uid: str, patient: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dicom(ramp(12), SOPInstanceUID=uid, PatientID=patient))


def test_dicom_files_are_found_by_their_uid(tmp_path: Path) -> None:
    write(tmp_path / "x" / "1", "1.2.3", "4711")
    write(tmp_path / "y" / "2.dcm", "1.2.4", "4711")
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    pd.DataFrame({"SOPInstanceUID": ["1.2.4", "1.2.3", "1.2.5"], **dict.fromkeys(CHEST14.labels, 0)}).to_csv(
        tmp_path / "manifest.csv"
    )
    listing = folder.read(tmp_path, CHEST14, table=None, seed=0)
    assert listing.table["image"].tolist() == ["y/2.dcm", "x/1", "1.2.5"]  # the last is not there, and will be told as missing
    assert listing.table["group"].tolist() == ["4711", "4711", "1.2.5"]
    assert listing.table["split"][0] == listing.table["split"][1]


def test_patients_of_a_tree_of_dicom_files_are_their_own(tmp_path: Path) -> None:
    write(tmp_path / "NORMAL" / "1", "1.2.3", "7")
    write(tmp_path / "PNEUMONIA" / "2", "1.2.4", "7")
    listing = folder.read(tmp_path, PNEUMONIA, table=None, seed=0)
    assert listing.table["group"].tolist() == ["7", "7"] and listing.notes == ()


def test_nothing_at_all_says_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"no table at .*manifest\.csv'; write one with the columns image, group, NORMAL"):
        folder.read(tmp_path, PNEUMONIA, table=None, seed=0)


def test_of_copies_of_one_uid_the_first_is_taken_and_all_left_out_are_counted(tmp_path: Path) -> None:
    for name, uid in (("a/1.2.3", "1.2.3"), ("b/1.2.3", "1.2.3"), ("c/1.2.4", "1.2.4")):
        write(tmp_path / name, uid, "7")
    pd.DataFrame({"SOPInstanceUID": ["1.2.3"], **dict.fromkeys(CHEST14.labels, 0)}).to_csv(tmp_path / "manifest.csv")
    listing = folder.read(tmp_path, CHEST14, table=None, seed=0)
    assert listing.table["image"].tolist() == ["a/1.2.3"]
    assert listing.left_out == {"another file has the same SOP instance UID": 1, "the table does not name it": 1}


def test_a_uid_that_stands_twice_is_refused_by_its_line(tmp_path: Path) -> None:
    write(tmp_path / "1", "1.2.3", "7")
    pd.DataFrame({"SOPInstanceUID": ["1.2.3"] * 2, **dict.fromkeys(CHEST14.labels, 0)}).to_csv(tmp_path / "manifest.csv")
    with pytest.raises(ManifestError, match=r"line 3 of .* repeats a SOPInstanceUID"):
        folder.read(tmp_path, CHEST14, table=None, seed=0)


def test_paths_of_windows_and_words_for_splits_are_understood(tmp_path: Path) -> None:
    rows = {"image": ["x\\a.png", " b.png "], "group": ["1", "2"], "split": ["Training", " TRAIN "]}
    table = pd.DataFrame({**rows, "age": ["61", "about 60"]})
    table.assign(**dict.fromkeys(CHEST14.labels, 0)).to_csv(tmp_path / "manifest.csv", index=False)
    table = folder.read(tmp_path, CHEST14, table=None, seed=0).table
    assert table["image"].tolist() == ["x/a.png", "b.png"] and table["split"].tolist() == ["train", "train"]
    assert table["age"][0] == 61 and np.isnan(table["age"][1])
