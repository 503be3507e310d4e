from __future__ import annotations

from pathlib import Path

import pytest

from model_code.data.sources.listing import by_stem, find_one, need_columns, pictures, read_csv, splits
from model_code.errors import ManifestError

GROUPS = [str(number) for number in range(200)]


def test_splits_are_the_sources_own_where_it_has_them() -> None:
    assert splits(["a", "b", "c"], ["train", "val", "test"], 0) == ["train", "val", "test"]


def test_without_any_they_are_decided_by_group() -> None:
    made = splits(GROUPS * 2, [None] * 400, 0)
    assert made[:200] == made[200:] and set(made) == {"train", "val", "test"}
    assert splits(GROUPS, [None] * 200, 1) != made[:200]


def test_a_missing_validation_set_is_taken_from_training() -> None:
    made = splits(GROUPS, ["test"] * 20 + ["train"] * 180, 0)
    assert made[:20] == ["test"] * 20 and "test" not in made[20:]
    assert 0.05 < made[20:].count("val") / 180 < 0.2


def test_what_archives_and_desktops_leave_behind_is_no_picture(tmp_path: Path) -> None:
    for name in ("b/1.JPG", "a.png", ".DS_Store", "__MACOSX/a.png", ".hidden/c.png", "readme.txt", "b/IM0001"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in pictures(tmp_path)] == ["a.png", "b/1.JPG", "b/IM0001"]
    assert by_stem(tmp_path) == {"a": "a.png", "1": "b/1.JPG", "IM0001": "b/IM0001"}


def test_names_stay_text_and_tables_are_told_by_what_they_lack(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,group\n1.png,007\n")
    table = read_csv(tmp_path / "t.csv")
    assert table["group"].tolist() == ["007"]
    with pytest.raises(ManifestError, match=r"t\.csv' lacks the column\(s\) sex; it needs image, sex"):
        need_columns(table, tmp_path / "t.csv", "image", "sex")
    assert find_one((tmp_path / "none", tmp_path), "x*.csv", "t*.csv") == tmp_path / "t.csv"
    assert find_one((tmp_path,), "x*") is None


@pytest.mark.parametrize(
    "content",
    [
        "image,group\n007.png,é\n".encode(),
        "image,group\n007.png,é\n".encode("utf-8-sig"),
        "image,group\r\n007.png,é\r\n".encode("utf-16"),
        "image;group\n007.png;é\n".encode(),
        "image\tgroup\n007.png\té\n".encode(),
        ' image , "group"\n 007.png, "é"\n\n'.encode(),
    ],
    ids=["plain", "byte order mark", "UTF-16", "semicolons", "tabs", "blanks"],
)
def test_what_spreadsheets_write_is_read(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    assert read_csv(tmp_path / "t.csv").to_dict("list") == {"image": ["007.png"], "group": ["é"]}


def test_blanks_around_a_text_are_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('image ,"group ",lesion_id,view,sex\n1,4711,"L1 ",PA ,\n2 , 4711\t," ", PA,F\n')
    table = read_csv(tmp_path / "t.csv")
    assert table["image"].tolist() == ["1", "2"] and table["group"].tolist() == ["4711", "4711"]
    assert table["lesion_id"].fillna("missing").tolist() == ["L1", "missing"] and table["view"].tolist() == ["PA", "PA"]
    assert table["sex"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"image,group\na.png,Jos\xe9\n", "is not UTF-8; save it again as 'CSV UTF-8'"),
        (b"image,group\na.png,1\nb.png,2,Zebra\n", r"\(line 3 has more fields than the first line\)"),
        (b"image,group\na.png,Zebra,1\n", "every line of .* has more fields than its first line"),
    ],
)
def test_a_table_that_would_be_misread_is_refused_without_quoting_it(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=says) as raised:
        read_csv(tmp_path / "t.csv")
    assert "Zebra" not in str(raised.value)


def test_files_called_by_their_uid_may_be_pictures_and_others_are_told(tmp_path: Path) -> None:
    for name in ("1.2.840.113", "scan.IMA", "photo.tif", "notes.txt", "table.csv"):
        (tmp_path / name).touch()
    assert [path.name for path in pictures(tmp_path)] == ["1.2.840.113", "photo.tif", "scan.IMA"]


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "a.png").touch()
    root = tmp_path / "root"
    root.mkdir()
    (root / "images").symlink_to(tmp_path / "disk")
    (root / "images_again").symlink_to(tmp_path / "disk")
    (root / "images" / "loop").symlink_to(root)
    (root / "gone").symlink_to(tmp_path / "nowhere")
    assert by_stem(root) == {"a": "images/a.png"}
