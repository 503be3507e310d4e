"""A manifest that would train or score wrongly is refused, and the message names the offender."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.data.manifest import read_manifest, write_manifest
from model_code.errors import ManifestError
from model_code.tasks import CHEST14, PNEUMONIA


def table(rows: int = 6) -> pd.DataFrame:
    """A manifest without a fault: two films a patient."""
    splits = ("train", "val", "test")
    return pd.DataFrame(
        {
            "image": [f"films/{row}.png" for row in range(rows)],
            "group": [f"P{row // 2}" for row in range(rows)],
            **{label: [row % 2 for row in range(rows)] for label in CHEST14.labels},
            "split": [splits[row // 2 % 3] for row in range(rows)],
            "sha256": [f"{row:064x}" for row in range(rows)],
        }
    )


def refusal(frame: pd.DataFrame, folder: Path) -> str:
    write_manifest(frame, folder)
    with pytest.raises(ManifestError) as caught:
        read_manifest(folder, CHEST14)
    return str(caught.value)


def test_a_manifest_survives_writing_and_reading(tmp_path: Path) -> None:
    write_manifest(table(), tmp_path)
    manifest = read_manifest(tmp_path, CHEST14)
    pd.testing.assert_frame_equal(manifest.frame, table(), check_dtype=False)
    assert manifest.paths[0] == tmp_path / "films/0.png"
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.parquet"]
    assert read_manifest(tmp_path / "manifest.parquet", CHEST14).sha256 == manifest.sha256


def test_csv_is_read_like_parquet(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "manifest.csv", index=False)
    np.testing.assert_array_equal(read_manifest(tmp_path, CHEST14).targets, table()[list(CHEST14.labels)].to_numpy(np.float32))


def test_patients_that_are_called_by_numbers_stay_text(tmp_path: Path) -> None:
    table().assign(group=["007", "007", "7", "7", "8", "8"]).to_csv(tmp_path / "manifest.csv", index=False)
    assert read_manifest(tmp_path, CHEST14).frame["group"].tolist() == ["007", "007", "7", "7", "8", "8"]


def test_an_unknown_label_is_nan(tmp_path: Path) -> None:
    frame = table().astype({"Mass": float})
    frame.loc[2, "Mass"] = np.nan
    write_manifest(frame, tmp_path)
    targets = read_manifest(tmp_path, CHEST14).targets
    unknown = np.argwhere(np.isnan(targets)).tolist()
    assert unknown == [[2, CHEST14.labels.index("Mass")]]
    assert targets.dtype == np.float32


def test_splits_partition_the_rows(tmp_path: Path) -> None:
    write_manifest(table(), tmp_path)
    manifest = read_manifest(tmp_path, CHEST14)
    parts = [manifest.split(name) for name in ("train", "val", "test")]
    assert sorted(image for part in parts for image in part.frame["image"]) == sorted(table()["image"])
    assert parts[1].targets.shape == (2, 14)


def test_an_empty_split_is_refused_by_name(tmp_path: Path) -> None:
    write_manifest(table(2), tmp_path)
    with pytest.raises(ManifestError, match="no film with split 'val'"):
        read_manifest(tmp_path, CHEST14).split("val")


@pytest.mark.parametrize("column", ["image", "group", "split", "sha256", "Hernia"])
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    assert f"lacks the column(s) {column};" in refusal(table().drop(columns=column), tmp_path)


def test_an_image_that_stands_twice_is_told_by_its_rows(tmp_path: Path) -> None:
    frame = pd.concat([table(), table().iloc[[3]]])
    message = refusal(frame, tmp_path)
    assert "the same image stands in rows 4, " in message and "films/3.png" not in message


def test_a_patient_in_two_splits_is_told_by_its_rows(tmp_path: Path) -> None:
    frame = table()
    frame.loc[3, "split"] = "test"
    message = refusal(frame, tmp_path)
    assert "one patient is in 2 splits (rows 3, 4;" in message and "P1" not in message


@pytest.mark.parametrize("value", [2, -1, 0.5])
def test_a_label_that_is_not_0_or_1_is_named(value: float, tmp_path: Path) -> None:
    frame = table().astype({"Edema": float})
    frame.loc[1, "Edema"] = value
    message = refusal(frame, tmp_path)
    assert "label 'Edema'" in message and str(value) in message


def exclusive(normal: list[float | None], pneumonia: list[float | None]) -> pd.DataFrame:
    return table().drop(columns=list(CHEST14.labels)).assign(NORMAL=normal, PNEUMONIA=pneumonia)


def test_two_labels_or_none_are_refused_where_one_is_true(tmp_path: Path) -> None:
    write_manifest(exclusive([1, 0, 1, 0, 1, 0], [0, 1, 1, 1, 0, 0]), tmp_path)
    with pytest.raises(ManifestError, match=r"no or several labels are 1 in rows 3, 6 .* exactly one is 1 of: NORMAL, PNEUMONIA"):
        read_manifest(tmp_path, PNEUMONIA)


def test_where_one_label_is_true_others_may_be_unknown(tmp_path: Path) -> None:
    write_manifest(exclusive([1, 0, 1, None, None, 0], [0, 1, None, None, 1, None]), tmp_path)
    assert np.nansum(read_manifest(tmp_path, PNEUMONIA).targets) == 4


def test_an_unknown_split_is_named(tmp_path: Path) -> None:
    assert "the split in row" in refusal(table().replace({"split": {"val": "holdout"}}), tmp_path)


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "films/../../up.png"])
def test_a_path_out_of_the_folder_is_refused(path: str, tmp_path: Path) -> None:
    frame = table()
    frame.loc[0, "image"] = path
    assert "the image path in row 1 leads out" in refusal(frame, tmp_path)


@pytest.mark.parametrize("column", ["image", "group", "split"])
def test_an_empty_cell_where_none_may_be_is_refused(column: str, tmp_path: Path) -> None:
    frame = table()
    frame.loc[0, column] = None
    assert column in refusal(frame, tmp_path)


@pytest.mark.parametrize("name", ["manifest.parquet", "manifest.csv"])
@pytest.mark.parametrize("content", [b"PAR1 this is none", b'image,group\n"a', b"\x00\xff\xfe"])
def test_a_broken_file_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ManifestError, match="manifest"):
        read_manifest(tmp_path, CHEST14)


def test_of_one_image_in_two_machines_parts_the_row_that_is_held_out_most_stays(tmp_path: Path) -> None:
    rows = {
        "algo-1": table().assign(split="train", group=[f"A{row}" for row in range(6)]),
        "algo-2": table().assign(split=["test", "val", "train"] * 2, group=[f"B{row}" for row in range(6)]).tail(3),
    }
    for part, frame in rows.items():
        write_manifest(frame, tmp_path, part=part)
    kept = read_manifest(tmp_path, CHEST14).frame
    assert kept["group"].tolist() == ["A0", "A1", "A2", "A5", "B3", "B4"]
    assert kept["split"].tolist() == ["train"] * 4 + ["test", "val"]


def test_no_manifest_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="overread synthesize"):
        read_manifest(tmp_path / "nowhere", CHEST14)


def test_text_among_labels_or_splits_is_not_quoted(tmp_path: Path) -> None:
    """In a table whose columns have slipped it can be a name."""
    for column in ("Mass", "split"):
        changed = table().astype({column: str})
        changed.loc[1, column] = "Zebra^Quagga"
        said = refusal(changed, tmp_path)
        assert "row 2" in said and "Zebra" not in said
