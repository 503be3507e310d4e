"""Which code it was: one sum over the package's Python files, since two states of the code can have the same version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


@cache
def code_sha256() -> str:
    """SHA-256 over a line a file, its own SHA-256 and its path in the package, in the order of the paths.

    The same on a laptop and from a zip, as SageMaker's jobs have it; ``sha256sum`` over the sorted files gives the lines.
    """
    return sum_of(files("model_code"))


def sum_of(package: Traversable) -> str:
    """The sum of a package."""
    found = sorted(_python_files(package, ""))
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {path}\n" for path, file in found)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _python_files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for child in folder.iterdir():
        if child.is_dir():
            yield from _python_files(child, f"{path}{child.name}/")
        elif child.name.endswith(".py"):
            yield path + child.name, child
