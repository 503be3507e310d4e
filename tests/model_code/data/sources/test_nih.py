"""The NIH's own files, and the true table of 112,120 films that the package torchxrayvision brings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from model_code.data.phantoms.population import nih_table
from model_code.data.sources import nih
from model_code.errors import ManifestError
from model_code.tasks import CHEST14
from tests import sources

PUBLISHED = {
    "Infiltration": 19894, "Effusion": 13317, "Atelectasis": 11559, "Nodule": 6331, "Mass": 5782, "Pneumothorax": 5302,
    "Consolidation": 4667, "Pleural_Thickening": 3385, "Cardiomegaly": 2776, "Emphysema": 2516, "Edema": 2303, "Fibrosis": 1686,
    "Pneumonia": 1431, "Hernia": 227,
}  # fmt: skip


@pytest.fixture(scope="module")
def true_table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    root = tmp_path_factory.mktemp("nih")
    shutil.copy(nih_table(), root / "Data_Entry_2017_v2020.csv.gz")
    return nih.read(root, CHEST14, table=None, seed=0).table


def test_the_true_table_has_the_published_counts(true_table: pd.DataFrame) -> None:
    assert len(true_table) == 112_120
    assert true_table["group"].nunique() == 30_805
    assert {label: int(true_table[label].sum()) for label in CHEST14.labels} == PUBLISHED
    assert int((true_table[list(CHEST14.labels)].sum(axis=1) == 0).sum()) == 60_361  # No Finding
    assert true_table["view"].value_counts().to_dict() == {"PA": 67_310, "AP": 44_810}
    assert true_table["sex"].value_counts().to_dict() == {"M": 63_340, "F": 48_780}
    assert (true_table["age"].min(), true_table["age"].max()) == (0, 95)


def test_no_patient_of_the_true_table_is_in_two_splits(true_table: pd.DataFrame) -> None:
    assert true_table.groupby("group")["split"].nunique().max() == 1
    shares = true_table["split"].value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.62, abs=0.02) and shares["test"] == pytest.approx(0.23, abs=0.02)


@pytest.mark.parametrize("flat", [False, True])
def test_films_are_found_in_either_layout(flat: bool, tmp_path: Path) -> None:
    table = nih.read(sources.nih(tmp_path, flat=flat), CHEST14, table=None, seed=0).table
    assert all((tmp_path / image).is_file() for image in table["image"])
    assert table["group"].tolist() == ["1", "1", "2", "3", "4"]
    assert table["age"].tolist()[:3] == [58, 59, 0.5] and pd.isna(table["age"][3])  # nobody is 414 years old


def test_the_official_lists_decide_the_test_set(tmp_path: Path) -> None:
    listing = nih.read(sources.nih(tmp_path), CHEST14, table=None, seed=0)
    splits = listing.table["split"]
    assert splits[3] == "test" and "test" not in set(splits.drop(3))
    assert splits[0] == splits[1]
    assert "official" in listing.notes[0]


def test_without_the_lists_that_is_said(tmp_path: Path) -> None:
    assert "were not there" in nih.read(sources.nih(tmp_path, lists=False), CHEST14, table=None, seed=0).notes[0]


def test_the_names_of_the_newer_edition_are_known(tmp_path: Path) -> None:
    root = sources.nih(tmp_path, header=sources.NIH_COLUMNS.replace("Gender", "Sex"))
    assert nih.read(root, CHEST14, table=None, seed=0).table["sex"].tolist() == ["M", "M", "F", "F", "M"]


def test_boxes_become_fractions_and_infiltrate_infiltration(tmp_path: Path) -> None:
    listing = nih.read(sources.nih(tmp_path), CHEST14, table=None, seed=0)
    assert listing.boxes is not None
    assert listing.boxes.to_dict("records") == [
        {"image": listing.table["image"][3], "label": "Infiltration", "x0": 0.25, "y0": 0.5, "x1": 0.375, "y1": 0.75}
    ]


def test_a_film_on_neither_list_is_refused(tmp_path: Path) -> None:
    root = sources.nih(tmp_path)
    (root / "test_list.txt").write_text("")
    with pytest.raises(ManifestError, match=r"1 films of the table stand on neither train_val_list\.txt nor test_list\.txt"):
        nih.read(root, CHEST14, table=None, seed=0)


def test_a_finding_outside_the_task_stops_the_line_by_its_line(tmp_path: Path) -> None:
    path = sources.nih(tmp_path) / "Data_Entry_2017_v2020.csv"
    path.write_text(path.read_text().replace("Hernia", "Zebra"))
    with pytest.raises(
        ManifestError, match=r"line 6 of the table \(1 such in all\) has a finding that the task does not know"
    ) as raised:
        nih.read(tmp_path, CHEST14, table=None, seed=0)
    assert "Zebra" not in str(raised.value)


def test_without_its_table_the_page_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"no Data_Entry_2017\*\.csv .* https://nihcc"):
        nih.read(tmp_path, CHEST14, table=None, seed=0)


def test_lists_with_marks_of_a_windows_editor_are_read(tmp_path: Path) -> None:
    expected = nih.read(sources.nih(tmp_path / "a"), CHEST14, table=None, seed=0).table["split"].tolist()
    root = sources.nih(tmp_path / "b")
    for name, encoding in (("train_val_list.txt", "utf-8-sig"), ("test_list.txt", "utf-16")):
        (root / name).write_text((root / name).read_text().replace("\n", "\r\n"), encoding=encoding)
    assert nih.read(root, CHEST14, table=None, seed=0).table["split"].tolist() == expected
    (root / "test_list.txt").write_bytes(b"\xff")
    with pytest.raises(ManifestError, match=r"test_list\.txt' cannot be read as text"):
        nih.read(root, CHEST14, table=None, seed=0)


def test_a_film_without_a_finding_is_refused_by_its_line(tmp_path: Path) -> None:
    table = sources.nih(tmp_path) / "Data_Entry_2017_v2020.csv"
    table.write_text(table.read_text().replace("Hernia", ""))
    with pytest.raises(ManifestError, match=r"line 6 of the table \(1 such in all\) has a finding"):
        nih.read(tmp_path, CHEST14, table=None, seed=0)


@pytest.mark.parametrize(
    ("line", "says"),
    [("00000003_000.png,Mass\n", "has 2 columns; it needs"), ("00000003_000.png,Mass,x,1,2,3\n", "line 2 of .* are no numbers")],
)
def test_boxes_that_are_none_are_refused(line: str, says: str, tmp_path: Path) -> None:
    head = "Image Index,Finding Label,x,y,w,h"[: 25 if line.count(",") == 1 else None]
    (sources.nih(tmp_path) / "BBox_List_2017.csv").write_text(f"{head}\n{line}")
    with pytest.raises(ManifestError, match=says):
        nih.read(tmp_path, CHEST14, table=None, seed=0)
