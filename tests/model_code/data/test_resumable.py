from __future__ import annotations

import errno
from pathlib import Path

import pytest

from model_code.data.resumable import discard, resumable_folder
from model_code.errors import OverreadError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def interrupt(target: Path, job: str) -> None:
    with pytest.raises(RuntimeError), resumable_folder(target, job) as work:
        (work / "a").write_text("1")
        (work / ".b.npy.x7").write_text("half")
        raise RuntimeError


def test_what_is_made_appears_as_a_whole_and_replaces_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").touch()
    with resumable_folder(target, "job") as work:
        (work / "new").touch()
        assert names(target) == ["old"]
    assert names(tmp_path) == ["out"] and names(target) == ["new"]


def test_a_run_of_the_same_job_goes_on_without_what_was_half_written(tmp_path: Path) -> None:
    interrupt(tmp_path / "out", "job")
    assert not (tmp_path / "out").exists()
    with resumable_folder(tmp_path / "out", "job") as work:
        assert (work / "a").read_text() == "1"
    assert names(tmp_path / "out") == ["a"]


def test_a_run_of_another_job_begins_again(tmp_path: Path) -> None:
    interrupt(tmp_path / "out", "job")
    with resumable_folder(tmp_path / "out", "other") as work:
        assert names(work) == [".job"]


def test_what_cannot_succeed_is_discarded(tmp_path: Path) -> None:
    interrupt(tmp_path / "out", "job")
    discard(tmp_path / "out")
    assert names(tmp_path) == []


def test_two_runs_do_not_write_into_each_other(tmp_path: Path) -> None:
    with (
        resumable_folder(tmp_path / "out", "job"),
        pytest.raises(OverreadError, match="another run is making"),
        resumable_folder(tmp_path / "out", "job"),
    ):
        pass


def test_a_mount_point_is_filled_instead_of_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "data"
    target.mkdir()

    def busy(self: Path, other: Path) -> None:
        raise OSError(errno.EBUSY, "busy")

    with resumable_folder(target, "job") as work:
        (work / "films").mkdir()
        (work / "films" / "a.png").touch()
        monkeypatch.setattr(Path, "replace", busy)
    assert names(target) == ["films"] and names(target / "films") == ["a.png"] and names(tmp_path) == ["data"]


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OverreadError, match="cannot write to"), resumable_folder(tmp_path / "file" / "out", "job"):
        pass


@pytest.mark.parametrize(
    ("number", "raised"), [(errno.ENOSPC, OverreadError), (errno.EFBIG, OverreadError), (errno.EPIPE, OSError)]
)
def test_a_full_disk_is_told_and_what_was_done_is_kept(number: int, raised: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(raised) as found, resumable_folder(tmp_path / "out", "job") as work:
        (work / "a").touch()
        raise OSError(number, "no room", str(work / "b"))
    assert isinstance(found.value, OSError) or "(no room); make room, then run the same command again" in str(found.value)
    assert names(tmp_path) == [".out.making"] and names(tmp_path / ".out.making") == [".job", "a"]
