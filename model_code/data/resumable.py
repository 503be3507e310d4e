"""A folder that is made over hours: it appears as a whole, and what a killed run had finished is kept for the next."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from model_code.errors import OverreadError
from model_code.files import atomic_file, is_unwritable, locked
from model_code.progress import console

JOB: Final = ".job"
"""What the folder is being made of: a sum over everything that decides its content."""


@contextmanager
def resumable_folder(target: Path, job: str) -> Iterator[Path]:
    """Yields a working folder, empty or with what an earlier run of the same job left; on success it becomes ``target``.

    On an error or SIGKILL the working folder stays, under a name that the next run finds. One of another job is removed.

    Raises:
        OverreadError: the parent folder cannot be written, the disk is full, or another run is making the same folder.
    """
    work = target.with_name(f".{target.name}.making")
    try:
        with only_run(work, target):
            _begin(work, job)
            yield work
            _replace(target, work)
            (target / JOB).unlink()  # last: whoever is killed before it goes on
    except OSError as error:
        if not is_unwritable(error):
            raise
        raise OverreadError(
            f"cannot go on writing '{target}' ({error.strerror}); make room, then run the same command again: it goes on"
        ) from error


def only_run(folder: Path, target: Path) -> AbstractContextManager[None]:
    """A working folder, made where it is not there; nobody else makes ``target`` in it until this ends.

    Raises:
        OverreadError: the folder cannot be written, or another run is making ``target``.
    """
    return locked(folder, taken=f"another run is making '{target}'; wait for it, or choose another --out")


def discard(target: Path) -> None:
    """Removes what a run that cannot succeed has left beside ``target``."""
    shutil.rmtree(target.with_name(f".{target.name}.making"), ignore_errors=True)


def _begin(work: Path, job: str) -> None:
    mark = work / JOB
    if mark.is_file() and mark.read_text(encoding="ascii") == job:
        for half in work.rglob(".*"):  # what a killed run was writing
            if half.is_file() and half != mark:
                half.unlink()
        console.print("going on where an earlier run stopped")
        return
    for left in work.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    with atomic_file(mark) as temporary:
        temporary.write_text(job, encoding="ascii")


def _replace(target: Path, work: Path) -> None:
    retired = target.with_name(f".{target.name}.old")
    shutil.rmtree(retired, ignore_errors=True)
    try:
        if target.exists():
            target.replace(retired)
        work.replace(target)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV):  # what a mount point answers to a rename
            raise
        for path in sorted(work.rglob("*")):
            moved = target / path.relative_to(work)
            if path.is_dir():
                moved.mkdir(exist_ok=True)
            else:
                shutil.move(path, moved)  # one by one, so that no film is there twice
        shutil.rmtree(work)
    shutil.rmtree(retired, ignore_errors=True)
