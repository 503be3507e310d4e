"""Tables for people name what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_code.bundle import open_bundle
from model_code.bundle_info import Interval
from model_code.compare import compare
from model_code.judging.alone import minima
from model_code.judging.policy import Policy
from model_code.judging.show import in_words, show, show_comparison, show_verdict
from tests.model_code.judging.drawn import metrics, scores
from tests.model_code.judging.test_page_gate import verdict


def test_a_figure_in_words() -> None:
    assert in_words(Interval(value=0.9, low=0.8, high=0.95)) == "0.900 (0.800 to 0.950)"
    assert in_words(None) == "too few films"


def test_an_evaluation_names_labels_subgroups_and_probes(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(open_bundle(bundle).info)
    shown = capsys.readouterr().out
    for text in ("Mass", "AUROC (95%)", "by subgroup", "sex", "too few films", "shortcut probes: macro AUROC"):
        assert text in shown


def test_a_verdict_names_rules_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    found = verdict(*minima(metrics(0.5), scores(), Policy()), champion=False)
    show_verdict(found.model_copy(update={"reasons": ("it is too bad",)}))
    shown = capsys.readouterr().out
    assert "minimum macro AUROC" in shown and "- it is too bad" in shown and "a first model" in shown


def test_names_of_sites_are_shown_as_they_are(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    info = open_bundle(bundle).info
    assert info.metrics is not None
    (some, *_) = info.metrics.subgroups["site"].values()
    show(info.model_copy(update={"metrics": info.metrics.model_copy(update={"subgroups": {"site": {"[north]": some}}})}))
    assert "[north]" in capsys.readouterr().out

    show_verdict(verdict(champion=False).model_copy(update={"reasons": ("site [/north]: too bad",)}))
    assert "- site [/north]: too bad" in capsys.readouterr().out


def test_a_comparison_marks_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores(skill=1.0).write(tmp_path / "a")
    scores(skill=2.5).write(tmp_path / "b")
    show_comparison(compare(tmp_path / "a", tmp_path / "b"))
    assert capsys.readouterr().out.count("B better") == 3
