"""Writing that never leaves half a file: to a temporary name beside the target, then one rename."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeGuard

from model_code.errors import OverreadError, UsageError

_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})
_WITHOUT_LOCKS: Final = frozenset({errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK})
"""What file systems answer that know no locks; on them nobody can be held off."""


def is_unwritable(error: BaseException) -> TypeGuard[OSError]:
    """Whether it is what a disk that is full, over its quota, protected or broken answers."""
    return isinstance(error, OSError) and error.errno in _UNWRITABLE


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Yields a temporary path in the target's folder; on success it becomes ``target``, on failure nothing is left.

    Raises:
        OverreadError: the folder cannot be written.
    """
    with _writable(target.parent):
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yields an empty temporary folder; on success it replaces ``target`` as a whole, on failure ``target`` stays as it was.

    A mount point (SageMaker's ``/opt/ml/model``) cannot be replaced: there the files move in one by one after the work is done.

    Raises:
        OverreadError: the parent folder cannot be written.
    """
    with _writable(target.parent):
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        try:
            _replace(target, temporary)
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EXDEV):  # what a mount point answers to a rename
                raise
            shutil.copytree(temporary, target, dirs_exist_ok=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_replaceable(target: Path, mark: str) -> None:
    """Before the work begins: whether a folder that will be replaced as a whole holds nothing else that anybody may want.

    Args:
        target: where the result goes.
        mark: the file that every such result holds; a pattern.

    Raises:
        UsageError: it is a file, or a folder with files in it and without the mark.
    """
    if target.is_dir() and (not any(target.iterdir()) or any(target.glob(mark))):
        return
    if target.exists():
        what = f"holds other files and no {mark}" if target.is_dir() else "is a file"
        raise UsageError(f"'{target}' {what}; it would be replaced as a whole: choose a new or an empty folder")


@contextmanager
def locked(folder: Path, *, taken: str = "") -> Iterator[None]:
    """A folder, made where it is not there, that no other process locks until this one ends or is killed (but on Windows).

    Args:
        folder: the folder.
        taken: what is said where another process has locked it; without it, that process is waited for.

    Raises:
        OverreadError: the folder cannot be written, or is taken.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise OverreadError(f"cannot write to '{folder}' ({error.strerror}); choose another place to write to") from error
    try:
        with suppress(ImportError):  # not on Windows
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if taken else 0))
            except BlockingIOError:
                raise OverreadError(taken) from None
            except OSError as error:
                if error.errno not in _WITHOUT_LOCKS:
                    raise
        yield
    finally:
        os.close(handle)  # and with it the lock


def _replace(target: Path, temporary: Path) -> None:
    retired = temporary.with_name(temporary.name + ".old")
    if target.exists():
        target.replace(retired)
    temporary.replace(target)
    shutil.rmtree(retired, ignore_errors=True)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise OverreadError(
            f"cannot write to '{folder}' ({error.strerror}); choose another place to write to, or change the folder's permissions"
        ) from error


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def write_json(target: Path, content: Any) -> None:
    """Writes JSON for people and programs: indented, keys in their given order, newline at the end."""
    with atomic_file(target) as temporary:
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
