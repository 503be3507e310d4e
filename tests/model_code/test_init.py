"""What holds of every process of ours, because it is said where the package is first imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import python


def test_the_runtime_does_not_call_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would keep a session's number in the temporary folder (``.ses``), and send from a thread of its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    counted = "import os, model_code, onnxruntime; print(len(os.listdir('/proc/self/task')) if os.path.isdir('/proc') else 1)"
    assert python(counted).strip() == "1"
    assert list(tmp_path.iterdir()) == []
