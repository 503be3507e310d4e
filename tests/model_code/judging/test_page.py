"""The page's head: verdict, notices, figures and contents."""

from __future__ import annotations

from pathlib import Path

from model_code.bundle import open_bundle
from model_code.evidence import evidence
from tests.conftest import Line


def test_a_first_model_without_a_verdict_is_shown_as_such(line: Line, bundle: Path, tmp_path: Path) -> None:
    evidence(bundle, data=line.data, out=tmp_path / "pack", evaluation=bundle.parent / "report")
    shown = (tmp_path / "pack" / "evidence.html").read_text(encoding="utf-8")
    info = open_bundle(bundle).info
    assert shown.startswith("<!DOCTYPE html>") and shown.count("<h1>") == 1
    assert f"<title>{info.name} {info.version}: evidence</title>" in shown
    assert "The gate was not asked." in shown and "none: a first model" in shown
    assert "trained on phantoms" in shown
