"""The notebooks run from top to bottom, and are kept without outputs: nobody's films or paths get into the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.cli import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
SECONDS_A_CELL = 120


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def test_there_are_three() -> None:
    assert [path.name for path in NOTEBOOKS] == ["1_explore_nih.ipynb", "2_baseline.ipynb", "3_read_a_run.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_is_kept_without_outputs(path: Path) -> None:
    notebook = read(path)

    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.metadata, f"{path.name}: clear the metadata of '{cell.id}'"
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, f"{path.name}: clear its outputs before you commit it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_runs(path: Path, data: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On the session's small data set and model; each in a kernel of its own, which is ended."""
    for name, value in {"DATA": data, "BUNDLE": bundle, "EPOCHS": 2}.items():
        monkeypatch.setenv(f"OVERREAD_NOTEBOOK_{name}", str(value))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # of notebook libraries; ours are errors in the other tests
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    notebook = read(path)

    place = {"metadata": {"path": tmp_path}}
    NotebookClient(notebook, timeout=SECONDS_A_CELL, kernel_name="python3", resources=place).execute()  # on loopback

    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    pictures = [output for cell in code for output in cell.outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 2
