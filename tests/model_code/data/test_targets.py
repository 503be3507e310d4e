from __future__ import annotations

from pathlib import Path

import pytest

from model_code.data.targets import check_target
from model_code.errors import UsageError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "hospital" / "films"
    folder.mkdir(parents=True)
    (folder / "a.png").touch()
    return folder


def test_a_new_folder_an_empty_one_and_an_earlier_data_set_may_be_written(source: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("manifest.parquet", "manifest-algo-1.parquet", ".job"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
        check_target(tmp_path / name, source, None)
    check_target(tmp_path / "new" / "data", source, None)
    check_target(tmp_path / "empty", source, None)


@pytest.mark.parametrize("out", [".", "..", "../../hospital", "../films"])
def test_what_holds_the_source_is_not_replaced(out: str, source: Path) -> None:
    with pytest.raises(UsageError, match=r"no name for a folder|holds the source .* choose another --out"):
        check_target(source / out, source)
    assert (source / "a.png").is_file()


def test_a_table_counts_as_a_source(source: Path, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    with pytest.raises(UsageError, match="holds the source"):
        check_target(tmp_path / "shards", source, tmp_path / "shards" / "table.csv")


def test_a_link_does_not_hide_it(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source.parent)
    with pytest.raises(UsageError, match="holds the source"):
        check_target(tmp_path / "link", source)


def test_a_folder_in_the_source_would_be_read_at_the_next_time(source: Path) -> None:
    with pytest.raises(UsageError, match="lies in the source"):
        check_target(source / "data", source)


def test_somebodys_files_are_not_replaced(source: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    for out in (tmp_path / "thesis", tmp_path / "thesis" / "chapter.tex"):
        with pytest.raises(UsageError, match="would be replaced as a whole"):
            check_target(out, source)


def test_the_root_of_the_disk_has_no_name() -> None:
    with pytest.raises(UsageError, match="no name for a folder to make; give --out one"):
        check_target(Path("/"))
