"""A model passes, or is refused with its reasons, on the very test set that it was evaluated on."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model_code.bundle import edit_bundle, open_bundle
from model_code.contract import NO_CHAMPION, PASSED
from model_code.data.manifest import FILE_NAME, read_manifest, write_manifest
from model_code.errors import BundleError, UsageError
from model_code.gate import gate, is_no_champion
from model_code.judging.policy import Policy, Verdict
from model_code.judging.scores import read_scores
from model_code.tasks import CHEST14
from tests.cli import overread
from tests.conftest import Line

LENIENT = Policy(
    minimum_macro_auroc=0, minimum_label_auroc=0, maximum_calibration_error=1, maximum_gap=1,
    maximum_without_centre=1, maximum_label_without_centre=1, maximum_corner_fall=1, maximum_not_assessed=1,
)  # fmt: skip
"""What the small test model passes; it has seen too little for the usual limits."""


@pytest.fixture(scope="module")
def report(line: Line) -> Path:
    return line.complete.parent / "report"


def test_a_first_model_is_judged_alone(line: Line, report: Path, tmp_path: Path) -> None:
    found = gate(line.complete, data=line.data, evaluation=report, policy=LENIENT, report=tmp_path)
    assert (found.verdict, found.reasons, found.champion) == (PASSED, (), None)
    assert not [check for check in found.checks if "champion" in check.rule]
    written = json.loads((tmp_path / "gate.json").read_bytes())
    assert Verdict.model_validate(written) == found and written["schema"] == "overread.gate/1"


def test_the_champion_itself_is_no_worse_and_scoring_again_gives_the_same(line: Line, report: Path) -> None:
    few = LENIENT.model_copy(update={"enough": 2, "margin_macro": 0.5})
    found = gate(line.complete, data=line.data, champion=line.calibrated, evaluation=report, policy=few)
    assert found.verdict == PASSED and found.champion is not None
    changes = [check.value for check in found.checks if "champion" in check.rule and check.value is not None]
    assert changes and set(changes) == {0.0}
    assert [check.outcome for check in found.checks if check.rule == "share of films answered against the champion"] == ["passed"]


def test_a_model_below_a_minimum_is_refused_and_told_why(line: Line, report: Path) -> None:
    found = gate(
        line.complete, data=line.data, evaluation=report, policy=LENIENT.model_copy(update={"minimum_macro_auroc": 0.999})
    )
    assert found.verdict == "refused"
    assert found.reasons[0].startswith("minimum macro AUROC, all labels: ") and "limit 0.999" in found.reasons[0]


def test_a_model_whose_film_gate_refuses_every_film_is_refused(line: Line, report: Path, tmp_path: Path) -> None:
    scores = read_scores(report)
    replace(scores, assessed=np.zeros(len(scores), bool)).write(tmp_path)
    policy = LENIENT.model_copy(update={"maximum_not_assessed": 0.05})
    found = gate(line.complete, data=line.data, champion=line.calibrated, evaluation=tmp_path, policy=policy)
    assert "films not assessed, all films: 1.000 (1.000 to 1.000), limit 0.05" in found.reasons
    assert [reason for reason in found.reasons if reason.startswith("all films: surely fewer answered than by the champion")]


def test_the_command_says_the_verdict_by_its_exit_code_or_in_a_file(line: Line, report: Path, tmp_path: Path) -> None:
    asked = ("gate", "--challenger", line.complete, "--data", line.data, "--evaluation", report, "--minimum-auroc", "0.99")
    refused = overread(*asked)
    assert refused.returncode == 1 and "minimum macro AUROC" in refused.stdout
    recorded = overread(*asked, "--record", "--json", "--report", tmp_path)
    assert recorded.returncode == 0, recorded.stderr
    assert json.loads(recorded.stdout)["verdict"] == json.loads((tmp_path / "gate.json").read_bytes())["verdict"] == "refused"


def test_scores_of_another_model_are_refused(line: Line, report: Path, tmp_path: Path) -> None:
    bundle = open_bundle(line.complete)
    assert bundle.info.calibration is not None
    labels = dict(bundle.info.calibration.labels)
    labels["Mass"] = labels["Nodule"]
    with edit_bundle(bundle, tmp_path / "other") as draft:
        changed = bundle.info.calibration.model_copy(update={"labels": labels})
        draft.info = draft.info.model_copy(update={"calibration": changed})
    with pytest.raises(UsageError, match="are of another model"):
        gate(tmp_path / "other", data=line.data, evaluation=report)


def test_another_test_set_is_refused(line: Line, report: Path, tmp_path: Path) -> None:
    manifest = read_manifest(line.data, CHEST14)
    write_manifest(manifest.frame.drop(index=0).reset_index(drop=True), tmp_path)
    (tmp_path / "films").symlink_to(line.data / "films")
    assert (tmp_path / FILE_NAME).is_file()
    with pytest.raises(UsageError, match="are of other films than"):
        gate(line.complete, data=tmp_path, evaluation=report)
    with pytest.raises(BundleError, match="evaluated on another test set"):
        gate(line.complete, data=tmp_path)


def test_a_model_that_was_not_evaluated_is_told_to_be(line: Line) -> None:
    with pytest.raises(BundleError, match="overread evaluate"):
        gate(line.calibrated, data=line.data)


def zipped(folder: Path, *texts: str) -> Path:
    folder.mkdir()
    with zipfile.ZipFile(folder / "asset.zip", "w") as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"{number}.txt", text)
    return folder


def test_only_an_asset_that_says_so_means_that_there_is_no_champion(line: Line, report: Path, tmp_path: Path) -> None:
    none = zipped(tmp_path / "none", NO_CHAMPION)
    assert is_no_champion(none)
    assert gate(line.complete, data=line.data, champion=none, evaluation=report, policy=LENIENT).champion is None
    assert not is_no_champion(zipped(tmp_path / "code", "print()"))
    assert not is_no_champion(zipped(tmp_path / "two", NO_CHAMPION, NO_CHAMPION))
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "nothing", line.complete):
        assert not is_no_champion(place)
    with pytest.raises(BundleError, match="no bundle at"):
        gate(line.complete, data=line.data, champion=tmp_path / "code", evaluation=report)
