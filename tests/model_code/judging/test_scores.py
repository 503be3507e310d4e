"""What was scored comes back as it was, tells of nobody, and a file that is something else is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_code.bundle import open_bundle
from model_code.errors import OverreadError
from model_code.judging.scores import FILE_NAME, answers_of, read_scores
from tests.conftest import Line
from tests.model_code.judging.drawn import scores


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    drawn = scores(patients=5)
    drawn.targets[0, 0] = np.nan
    drawn.write(tmp_path)
    found = read_scores(tmp_path)
    for name in ("labels", "model", "answers", "manifest_sha256", "split"):
        assert getattr(found, name) == getattr(drawn, name)
    for name in ("images", "groups", "assessed", "targets", "logits", "probabilities"):
        np.testing.assert_array_equal(getattr(found, name), getattr(drawn, name))
    assert found.attributes.keys() == drawn.attributes.keys()


def test_a_folder_without_a_table_is_told_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(OverreadError, match=r"no scores\.parquet in .*; make it with: overread evaluate --report"):
        read_scores(tmp_path)


@pytest.mark.parametrize("kind", ["text", "another table"])
def test_what_is_no_table_of_scores_is_refused(tmp_path: Path, kind: str) -> None:
    if kind == "text":
        (tmp_path / FILE_NAME).write_text("PAR1")
    else:
        pq.write_table(pa.table({"a": [1]}), tmp_path / FILE_NAME)
    with pytest.raises(OverreadError, match="is not a table of scores"):
        read_scores(tmp_path)


def test_evaluate_leaves_a_table_of_the_very_model_that_names_nobody(line: Line) -> None:
    report = line.complete.parent / "report"
    found = read_scores(report)
    assert found.answers == answers_of(open_bundle(line.complete)) == answers_of(open_bundle(line.calibrated))
    content = (report / FILE_NAME).read_bytes()
    assert b"P000" not in content and b".png" not in content
    assert set(found.attributes["age"]) <= {"0 to 17", "18 to 39", "40 to 59", "60 to 79", "80 and over"}
