"""The same files make the same bytes, and Python imports from the zip."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from pathlib import Path

import pytest

from model_code.packing import files_in, tar_gz_of, zip_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "code"
    for name, text in {
        "pack/__init__.py": "",
        "pack/it.py": "answer = 42",
        "pack/__pycache__/it.pyc": "x",
        "a.json": "{}",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_bytes_depend_on_contents_alone(folder: Path) -> None:
    before = zip_of(folder), tar_gz_of(folder)
    for path in folder.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (folder / "pack/__pycache__/new.pyc").write_text("other")
    assert (zip_of(folder), tar_gz_of(folder)) == before
    (folder / "a.json").write_text("[]")
    assert zip_of(folder) != before[0] and tar_gz_of(folder) != before[1]


def test_python_imports_from_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of(folder))
    monkeypatch.syspath_prepend(str(tmp_path / "code.zip"))
    import pack.it  # type: ignore[import-not-found]

    assert pack.it.answer == 42
    for name in ("pack.it", "pack"):
        del sys.modules[name]


def test_names_are_in_order_and_without_caches(folder: Path) -> None:
    assert [name for name, _ in files_in(folder)] == ["a.json", "pack/__init__.py", "pack/it.py"]
    with tarfile.open(fileobj=io.BytesIO(tar_gz_of(folder))) as archive:
        assert archive.getnames() == ["a.json", "pack/__init__.py", "pack/it.py"]
