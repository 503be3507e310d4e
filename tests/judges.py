"""Judges of DICOM files that nobody here wrote: dciodvfy (dicom3tools), dsrdump and dcmdump (DCMTK)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def program(name: str) -> str:
    """The path of a program of Debian's; the test is skipped where it is not installed, but never in CI."""
    found = shutil.which(name)
    if found is None and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed; apt-get install orthanc orthanc-dicomweb dicom3tools dcmtk prometheus")
    assert found is not None, f"{name} is missing, and CI must have it"
    return found


def errors_of(path: Path) -> list[str]:
    """What dciodvfy holds to be wrong in a file."""
    done = subprocess.run([program("dciodvfy"), str(path)], capture_output=True, text=True, timeout=60)
    lines = (done.stdout + done.stderr).splitlines()
    assert lines, "dciodvfy said nothing"
    return [line for line in lines if line.startswith("Error")]


def dump(tool: str, path: Path) -> str:
    """What dsrdump or dcmdump reads in a file; it has to read it without an error."""
    done = subprocess.run([program(tool), str(path)], capture_output=True, text=True, timeout=60, errors="replace")
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith(("E:", "F:"))], done.stderr
    return done.stdout
