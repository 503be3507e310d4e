"""The sum is of the package's Python files, their names and bytes, and of nothing else."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from model_code import code_sum
from model_code.code_sum import code_sha256, sum_of


def test_it_can_be_made_again_by_hand(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/c.py").write_text("two")
    (tmp_path / "a.py").write_text("one")
    (tmp_path / "a.pyc").write_text("compiled")
    lines = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n" for path, text in (("a.py", "one"), ("b/c.py", "two"))
    )
    assert sum_of(tmp_path) == hashlib.sha256(lines.encode()).hexdigest()


def test_another_byte_or_another_name_is_other_code(tmp_path: Path) -> None:
    sums = set()
    for folder, name, text in (("1", "a.py", "one"), ("2", "a.py", "One"), ("3", "b.py", "one")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
        sums.add(sum_of(tmp_path / folder))
    assert len(sums) == 3


def test_the_packages_own_is_the_same_every_time() -> None:
    assert code_sha256() == code_sha256() and len(code_sha256()) == 64


def test_a_zip_of_the_package_has_the_packages_sum(tmp_path: Path) -> None:
    """SageMaker's jobs run the code from a zip."""
    package = Path(code_sum.__file__).parent
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        for path in package.rglob("*.py"):
            archive.write(path, Path("model_code") / path.relative_to(package))
    assert sum_of(zipfile.Path(tmp_path / "code.zip", "model_code/")) == code_sha256()
