"""Two models side by side, from bundles or from what evaluate left."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from model_code.compare import compare
from model_code.errors import OverreadError, UsageError
from tests.cli import overread
from tests.conftest import Line
from tests.model_code.judging.drawn import scores, worse


def test_a_better_model_is_shown_to_be_better(tmp_path: Path) -> None:
    good = scores()
    bad = worse(good, np.ones(len(good), bool), 0)
    good.write(tmp_path / "good")
    bad.write(tmp_path / "bad")
    found = compare(tmp_path / "bad", tmp_path / "good", plot=tmp_path / "plot.svg")
    assert found.auroc["A"].difference.low > 0.2 and found.auroc["B"].difference.value == 0
    assert found.macro.difference.value == pytest.approx(found.auroc["A"].difference.value / 2, abs=1e-4)
    assert found.auroc["A"].other.value - found.auroc["A"].one.value == pytest.approx(found.auroc["A"].difference.value, abs=2e-4)
    ElementTree.fromstring((tmp_path / "plot.svg").read_text())
    back = compare(tmp_path / "good", tmp_path / "bad")
    assert back.auroc["A"].difference.high == -found.auroc["A"].difference.low


def test_an_area_is_shown_within_0_and_1_and_few_patients_tell_no_models_apart(tmp_path: Path) -> None:
    scores(patients=20, skill=2.5).write(tmp_path / "a")
    scores(patients=20, skill=2.5, noise=1).write(tmp_path / "b")
    found = compare(tmp_path / "a", tmp_path / "b")
    for pair in (*found.auroc.values(), found.macro):
        assert pair.one.high == pair.other.high == 1.0
        assert pair.difference.low < 0 < pair.difference.high


def test_a_bundle_is_scored_and_compared_with_what_evaluate_left(line: Line, tmp_path: Path) -> None:
    report = line.complete.parent / "report"
    found = compare(line.calibrated, report, data=line.data)
    assert {pair.difference.value for pair in found.auroc.values()} == {0.0}
    with pytest.raises(UsageError, match="give --data to score it"):
        compare(line.calibrated, report)


def test_models_of_different_films_are_not_compared(tmp_path: Path) -> None:
    scores(patients=30).write(tmp_path / "a")
    scores(patients=31).write(tmp_path / "b")
    with pytest.raises(OverreadError, match="on different films"):
        compare(tmp_path / "a", tmp_path / "b")


def test_without_films_of_both_kinds_there_is_nothing_to_compare(tmp_path: Path) -> None:
    scores(patients=1, films=1).write(tmp_path)
    with pytest.raises(UsageError, match="no label has films both with and without it from 2 patients each"):
        compare(tmp_path, tmp_path)


def test_the_command_prints_a_table_or_json(tmp_path: Path) -> None:
    scores().write(tmp_path)
    shown = overread("compare", tmp_path, tmp_path)
    assert shown.returncode == 0 and "B - A" in shown.stdout
    printed = overread("compare", tmp_path, tmp_path, "--json")
    assert json.loads(printed.stdout)["macro"]["difference"]["value"] == 0
