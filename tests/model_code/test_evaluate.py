"""Recorded figures are those of the shipped graph, and the test split's alone; nothing is moved by measuring it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model_code.bundle import open_bundle
from model_code.data.manifest import read_manifest
from model_code.errors import BundleError, ManifestError, UsageError
from model_code.evaluate import evaluate
from model_code.judging.scores import read_scores
from model_code.predictor import Predictor
from model_code.tasks import CHEST14
from tests.conftest import Line


def test_the_recorded_figures_are_those_of_the_shipped_graph(line: Line, predictor: Predictor) -> None:
    """Measured once more through the public path: file to Reading to scikit-learn."""
    metrics = open_bundle(line.complete).info.metrics
    assert metrics is not None and (metrics.split, metrics.pointing is not None) == ("test", True)
    manifest = read_manifest(line.data, CHEST14).split("test")
    assert metrics.films == len(manifest)
    readings = [predictor.read(path.read_bytes()) for path in manifest.paths]
    assert metrics.not_assessed == sum(reading.status == "not_assessed" for reading in readings)
    if metrics.not_assessed == 0:
        for index, label in enumerate(CHEST14.labels):
            found = [reading.findings[index].probability for reading in readings]
            assert metrics.auroc[label].value == pytest.approx(roc_auc_score(manifest.targets[:, index], found), abs=2e-4)


def test_operating_points_are_measured_but_not_moved(line: Line) -> None:
    chosen, measured = (open_bundle(folder).info.calibration for folder in (line.calibrated, line.complete))
    assert chosen is not None and measured is not None
    targets = read_manifest(line.data, CHEST14).split("test").targets
    for index, label in enumerate(CHEST14.labels):
        for point in ("rule_out", "balanced", "rule_in"):
            before, after = getattr(chosen.labels[label], point), getattr(measured.labels[label], point)
            assert (after.threshold, after.validation) == (before.threshold, before.validation)
            assert after.test.sensitivity.n == int(targets[:, index].sum())
            assert after.test.sensitivity.n + after.test.specificity.n == len(targets)


def test_the_report_folder_holds_the_same_figures(line: Line) -> None:
    metrics = open_bundle(line.complete).info.metrics
    assert metrics is not None
    report = json.loads((line.complete.parent / "report" / "metrics.json").read_text())
    assert report == metrics.model_dump(mode="json")
    assert "ECE" in (line.complete.parent / "report" / "reliability.svg").read_text()


def test_only_the_test_split_is_recorded(line: Line) -> None:
    """Figures of films that decided something would flatter the model."""
    metrics = evaluate(line.calibrated, data=line.data, split="val").metrics
    assert metrics is not None and metrics.split == "val"
    assert open_bundle(line.calibrated).info.metrics is None


def test_another_split_is_written_into_no_bundle(line: Line, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"out.tar.gz' with --split 'val': only figures of the split 'test' are written"):
        evaluate(tmp_path / "looked at before", data=line.data, split="val", out=tmp_path / "out.tar.gz")


def test_an_unknown_split_lists_those_there_are(line: Line) -> None:
    with pytest.raises(ManifestError, match=r"no film with split 'holdout'; it has: test, train, val"):
        evaluate(line.calibrated, data=line.data, split="holdout")


def test_what_is_not_calibrated_cannot_be_evaluated(line: Line) -> None:
    with pytest.raises(BundleError, match="overread calibrate"):
        evaluate(line.exported, data=line.data)


def test_every_subgroup_and_probe_is_recorded(line: Line) -> None:
    metrics = open_bundle(line.complete).info.metrics
    assert metrics is not None and metrics.probes is not None and metrics.exclusive is None
    assert metrics.subgroups.keys() == {"sex", "age", "view", "site"}
    for values in metrics.subgroups.values():
        assert sum(found.films for found in values.values()) == metrics.films
        assert all(found.labels.keys() == set(CHEST14.labels) for found in values.values())
    assert metrics.probes.films == metrics.films
    assert metrics.probes.intact.macro_auroc == metrics.macro_auroc
    assert metrics.labels["Mass"].auroc == metrics.auroc["Mass"]


def test_figures_of_before_these_were_recorded_stay_readable(line: Line) -> None:
    metrics = open_bundle(line.complete).info.metrics
    assert metrics is not None
    of_before = metrics.model_dump(mode="json", exclude={"groups", "labels", "points", "subgroups", "exclusive", "probes"})
    assert type(metrics).model_validate(of_before).macro_auroc == metrics.macro_auroc


def test_the_table_of_scores_is_what_the_figures_are_of(line: Line) -> None:
    metrics, scores = open_bundle(line.complete).info.metrics, read_scores(line.complete.parent / "report")
    manifest = read_manifest(line.data, CHEST14).split("test")
    assert metrics is not None and scores.images.tolist() == manifest.frame["sha256"].tolist()
    np.testing.assert_array_equal(scores.targets, manifest.targets)
    expected = roc_auc_score(scores.targets[:, 4], scores.probabilities[:, 4])
    assert metrics.auroc["Mass"].value == pytest.approx(expected, abs=6e-5)
