"""Nothing is ever half-written: a failure leaves what was there, and nothing else."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from model_code.errors import OverreadError, UsageError
from model_code.files import atomic_file, atomic_folder, check_replaceable, locked, sha256_of, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.txt"
    with atomic_file(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
        assert temporary.parent == target.parent  # so that the rename stays on one file system
    assert target.read_text() == "half" and names(target.parent) == ["a.txt"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old" and names(tmp_path) == ["a.txt"]


def test_an_interruption_leaves_nothing_either(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "out") as folder:
        (folder / "half").write_text("x")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_folder_replaces_the_old_one_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").write_text("x")
    with atomic_folder(target) as folder:
        (folder / "new").write_text("y")
        assert names(target) == ["old"]
    assert names(target) == ["new"] and names(tmp_path) == ["out"]


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").write_text("x")
    with pytest.raises(RuntimeError), atomic_folder(target) as folder:
        (folder / "new").write_text("y")
        raise RuntimeError
    assert names(target) == ["old"] and names(tmp_path) == ["out"]


def test_a_mount_point_is_filled_and_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SageMaker mounts /opt/ml/model; it cannot be renamed."""
    target = tmp_path / "model"
    target.mkdir()
    rename = Path.replace

    def busy(self: Path, other: Path) -> Path:
        if self == target:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return rename(self, other)

    monkeypatch.setattr(Path, "replace", busy)
    inode = target.stat().st_ino
    with atomic_folder(target) as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "new").write_text("y")
    assert names(target) == ["sub"] and target.stat().st_ino == inode
    with pytest.raises(RuntimeError), atomic_folder(target) as folder:
        (folder / "half").write_text("z")
        raise RuntimeError
    assert names(target) == ["sub"]


def test_files_get_the_permissions_that_the_user_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_json(tmp_path / "a.json", {})
        with atomic_folder(tmp_path / "out"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("target", ["file/out", "file/deep/out"])
def test_where_nothing_can_be_written_the_folder_is_named(target: str, tmp_path: Path) -> None:
    """Below a file nobody can write, not even root."""
    (tmp_path / "file").write_text("x")
    for context in (atomic_file(tmp_path / target), atomic_folder(tmp_path / target)):
        with pytest.raises(OverreadError, match=r"cannot write to '.*file.*choose another place"), context:
            raise AssertionError("the work must not begin")
    assert names(tmp_path) == ["file"]


def test_a_file_system_without_locks_can_be_worked_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", none)
    with locked(tmp_path, taken="busy"):
        (tmp_path / "work").touch()


def test_a_locked_folder_is_made_and_is_one_workers_until_it_ends(tmp_path: Path) -> None:
    place = tmp_path / "new"
    with locked(place), pytest.raises(OverreadError, match=r"^busy$"), locked(place, taken="busy"):
        raise AssertionError("the work must not begin")
    with locked(place, taken="busy"):
        assert place.is_dir()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_without_permission_the_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OverreadError, match="Permission denied"), atomic_folder(tmp_path / "out"):
        raise AssertionError("the work must not begin")


def test_json_keeps_its_order_and_letters_and_knows_no_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"z": 1, "ä": [1.5]})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"z": 1, "ä": [1.5]}
    assert text.index("z") < text.index("ä") and text.endswith("\n")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))
    assert names(tmp_path) == ["a.json"] and (tmp_path / "a.json").read_text(encoding="utf-8") == text


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_only_what_is_empty_new_or_of_its_kind_may_be_replaced(tmp_path: Path) -> None:
    check_replaceable(tmp_path / "new", "mark")
    check_replaceable(tmp_path, "mark")
    (tmp_path / "notes").write_text("x")
    with pytest.raises(UsageError, match="holds other files and no mark; it would be replaced as a whole: choose a new"):
        check_replaceable(tmp_path, "mark")
    with pytest.raises(UsageError, match="is a file"):
        check_replaceable(tmp_path / "notes", "mark")
    (tmp_path / "mark").write_text("x")
    check_replaceable(tmp_path, "mark")
