"""Bundles travel as model.tar.gz: the same files make the same bytes, and what is no bundle's archive is refused."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from model_code.archive import unpacked
from model_code.bundle import edit_bundle, open_bundle
from model_code.errors import BundleError, UsageError


def pack(bundle: Path, out: Path) -> Path:
    with unpacked(bundle, out) as (source, target), edit_bundle(open_bundle(source), target):
        pass
    return out


def test_folders_are_worked_on_as_they_are(bundle: Path, tmp_path: Path) -> None:
    with unpacked(bundle, None) as paths:
        assert paths == (bundle, None)
    with unpacked(bundle, tmp_path / "out") as paths:
        assert paths == (bundle, tmp_path / "out")


def test_a_bundle_comes_out_of_an_archive_as_it_went_in(bundle: Path, tmp_path: Path) -> None:
    one, again = pack(bundle, tmp_path / "one.tar.gz"), pack(bundle, tmp_path / "again.tar.gz")
    assert one.read_bytes() == again.read_bytes()
    with unpacked(one, tmp_path / "out") as (source, target):
        assert open_bundle(source).sha256 == open_bundle(bundle).sha256
        assert target == tmp_path / "out"
    assert not source.exists()


def test_a_folder_with_the_archive_stands_for_it(bundle: Path, tmp_path: Path) -> None:
    pack(bundle, tmp_path / "model.tar.gz")
    with unpacked(tmp_path, tmp_path / "out") as (source, _):
        assert open_bundle(source).sha256 == open_bundle(bundle).sha256


def test_an_archive_is_not_changed_in_place(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"")
    with pytest.raises(UsageError, match="give --out FOLDER"), unpacked(tmp_path / "model.tar.gz", None):
        raise AssertionError("the work must not begin")


def test_a_step_that_fails_writes_no_archive(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), unpacked(bundle, tmp_path / "out.tar.gz"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_makes_nothing_leaves_the_archive_as_it_was(bundle: Path, tmp_path: Path) -> None:
    archive = pack(bundle, tmp_path / "model.tar.gz")
    before = archive.read_bytes()
    with unpacked(archive, archive):
        pass
    assert archive.read_bytes() == before


def test_a_step_that_only_reads_an_archive_needs_no_target(bundle: Path, tmp_path: Path) -> None:
    archive = pack(bundle, tmp_path / "model.tar.gz")
    with unpacked(archive, None, changes=False) as (source, target):
        assert open_bundle(source).sha256 == open_bundle(bundle).sha256
        assert target is None


def bomb(kind: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo("../outside" if kind == "path" else "file")
        if kind == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member, io.BytesIO(b""))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"text", bomb("path"), bomb("link"), bomb("file")[:20]], ids=["empty", "text", "path", "link", "cut"]
)
def test_a_damaged_or_hostile_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(BundleError, match="cannot be unpacked"), unpacked(tmp_path / "model.tar.gz", tmp_path / "out"):
        raise AssertionError("the work must not begin")
    assert [path.name for path in tmp_path.iterdir()] == ["model.tar.gz"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_any_changed_byte_of_an_archive_is_noticed(share: float, bundle: Path, tmp_path: Path) -> None:
    archive = pack(bundle, tmp_path / "model.tar.gz")
    content = bytearray(archive.read_bytes())
    for offset in range(64):
        content[int(len(content) * share) + offset] ^= 255
    archive.write_bytes(content)
    with pytest.raises(BundleError), unpacked(archive, tmp_path / "out") as (source, _):
        open_bundle(source)
