"""``overread gate``: may this model follow the one in use? Verdict and reasons as ``gate.json``.

Both models are judged on the same frozen test set: the challenger must surely be no worse than margins allow, overall, and per
label and subgroup where patients are enough to show it; it must reach fixed minima, answer about all films, treat subgroups
alike, and not read films by shortcuts. A first model has no
champion to be compared with; the rest is asked all the same.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Final

import numpy as np

from model_code.archive import unpacked
from model_code.bundle import Bundle, open_bundle
from model_code.contract import NO_CHAMPION
from model_code.data.manifest import read_manifest
from model_code.errors import BundleError, UsageError
from model_code.files import write_json
from model_code.judging.against import METHOD, MULTIPLICITY, answered, non_inferiority, same_films
from model_code.judging.alone import gaps, minima, shortcuts, unanswered
from model_code.judging.policy import FILE_NAME, Check, Party, Policy, Verdict
from model_code.judging.scores import Scores, answers_of, read_scores
from model_code.judging.scoring import score
from model_code.predictor import Predictor

TEST: Final = "test"


def gate(
    challenger: Path,
    *,
    data: Path,
    champion: Path | None = None,
    evaluation: Path | None = None,
    policy: Policy | None = None,
    report: Path | None = None,
) -> Verdict:
    """Judges a challenger.

    Args:
        challenger: its bundle, evaluated; a folder or an archive.
        data: the manifest whose test split both are judged on.
        champion: the bundle in use; None for a first model, as is a folder in which ``is_no_champion`` finds so.
        evaluation: what ``evaluate --report`` wrote of the challenger; without it its films are scored again.
        policy: the limits.
        report: a folder for ``gate.json``.

    Raises:
        BundleError: a bundle cannot be used, or its figures are not of this test set.
        UsageError: the two models answer different tasks, or the evaluation is of another model.
    """
    policy = policy or Policy()
    with tempfile.TemporaryDirectory() as temporary:
        theirs: Scores | None = None
        with unpacked(challenger, Path(temporary)) as (folder, _):
            bundle = open_bundle(folder, needs=("graph", "calibration", "film_gate", "metrics"))
            mine = scores_of(bundle, data, evaluation)
        metrics = bundle.info.metrics
        assert metrics is not None
        if (metrics.manifest_sha256, metrics.split) != (mine.manifest_sha256, mine.split):
            raise BundleError(f"the challenger was evaluated on another test set than '{data}'; evaluate it on this one first")
        checks = [
            *minima(metrics, mine, policy),
            *unanswered(mine, policy),
            *gaps(mine, policy),
            *shortcuts(metrics, mine, policy),
        ]
        if champion is not None and not is_no_champion(champion):
            with unpacked(champion, Path(temporary)) as (folder, _):
                other = open_bundle(folder, needs=("graph", "calibration", "film_gate"))
                _same_task(other, bundle)
                theirs = scores_of(other, data, None)
            same_films(theirs, mine)
            checks += [*non_inferiority(theirs, mine, policy), answered(theirs, mine, policy)]
    verdict = _verdict(mine, theirs, policy, checks)
    if report is not None:
        write_json(report / FILE_NAME, verdict.model_dump(mode="json", by_alias=True))
    return verdict


def scores_of(bundle: Bundle, data: Path, evaluation: Path | None) -> Scores:
    """A bundle's scores on the test split: those that ``evaluate`` left, or made now.

    Raises:
        UsageError: what evaluate left is of another model or of another test set.
    """
    manifest = read_manifest(data, bundle.spec).split(TEST)
    if evaluation is None:
        return score(Predictor.of(bundle), manifest, probe=False).scores
    scores = read_scores(evaluation)
    if scores.answers != answers_of(bundle):
        raise UsageError(
            f"the scores in '{evaluation}' are of another model ({scores.model}); evaluate this one, or leave them out"
        )
    if (scores.manifest_sha256, scores.split) != (manifest.sha256, TEST):
        raise UsageError(f"the scores in '{evaluation}' are of other films than '{data}'; evaluate again, or leave them out")
    return scores


def is_no_champion(location: Path) -> bool:
    """Whether a folder holds nothing but a zip of one file that says ``NO_CHAMPION``: what the pipeline's default stands for."""
    files = [path for path in location.iterdir() if path.is_file()] if location.is_dir() else []
    if len(files) != 1 or not zipfile.is_zipfile(files[0]):
        return False
    with zipfile.ZipFile(files[0]) as archive:
        inside = archive.infolist()
        return len(inside) == 1 and inside[0].file_size < 100 and archive.read(inside[0]) == NO_CHAMPION.encode()


def _same_task(champion: Bundle, challenger: Bundle) -> None:
    if (champion.info.task, champion.info.labels) != (challenger.info.task, challenger.info.labels):
        raise UsageError(
            f"the champion answers '{champion.info.task}' and the challenger '{challenger.info.task}', or not the same labels; "
            "compare models of one task"
        )


def _verdict(mine: Scores, theirs: Scores | None, policy: Policy, checks: list[Check]) -> Verdict:
    reasons = tuple(check.reason for check in checks if check.outcome == "refused")
    return Verdict(
        verdict="refused" if reasons else "passed",
        reasons=reasons,
        challenger=Party(model=mine.model, answers=mine.answers),
        champion=Party(model=theirs.model, answers=theirs.answers) if theirs else None,
        manifest_sha256=mine.manifest_sha256,
        split=mine.split,
        films=len(mine),
        groups=len(np.unique(mine.groups)),
        method=METHOD,
        multiplicity=MULTIPLICITY,
        policy=policy,
        checks=tuple(checks),
    )
