"""Scores are those of the public reading path, film by film, in the manifest's order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model_code.data.manifest import read_manifest
from model_code.errors import ManifestError
from model_code.judging.scoring import score
from model_code.predictor import Predictor
from model_code.tasks import CHEST14
from tests.conftest import Line


def test_scores_are_those_of_readings(line: Line, predictor: Predictor) -> None:
    manifest = read_manifest(line.data, CHEST14).split("val")
    few = replace(manifest, frame=manifest.frame.head(6))
    found = score(predictor, few)
    for row, path in enumerate(few.paths):
        reading = predictor.read(path.read_bytes())
        assert found.scores.assessed[row] == (reading.status == "read")
        for finding, said in zip(reading.findings, found.scores.probabilities[row], strict=False):
            assert finding.probability == pytest.approx(said, abs=1e-12)
    assert found.scores.images.tolist() == few.frame["sha256"].tolist()
    assert found.probed.tolist() == list(range(6)) and found.hidden.keys() == {"without_centre", "without_corners"}
    assert not np.allclose(found.hidden["without_centre"], found.scores.probabilities)


def test_without_probes_nothing_is_hidden(line: Line, predictor: Predictor) -> None:
    manifest = read_manifest(line.data, CHEST14).split("val")
    found = score(predictor, replace(manifest, frame=manifest.frame.head(2)), probe=False)
    assert found.hidden == {} and len(found.probed) == 0


def test_a_film_that_is_not_there_stops_it(line: Line, predictor: Predictor) -> None:
    manifest = read_manifest(line.data, CHEST14).split("val")
    gone = manifest.frame.head(3).assign(image=["films/none.png", *manifest.frame["image"].iloc[1:3]])
    with pytest.raises(ManifestError, match="not on disk"):
        score(predictor, replace(manifest, frame=gone))
