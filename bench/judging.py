"""How long judging takes on a test set as large as NIH's: 25,000 films, 14 labels, 1,000 resamples by patient."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from model_code.bundle_info import LabelCalibration, OperatingPoint, Rates, Share, Sigmoid
from model_code.judging.against import non_inferiority
from model_code.judging.figures import measure
from model_code.judging.policy import Policy
from model_code.judging.ranked import Ranked
from model_code.judging.resample import BOOTSTRAPS, resamples
from model_code.judging.scores import Scores
from model_code.judging.subgroups import subgroups
from model_code.tasks import CHEST14

AIMS = {"all labels": 30.0, "every subgroup": 90.0, "the gate's comparisons": 15.0}
"""Seconds."""


def draw(films: int) -> Scores:
    """Two and a half films a patient, findings as common as some of NIH's, AUROCs around 0.8."""
    rng = np.random.default_rng(0)
    groups = np.sort(rng.integers(films * 2 // 5, size=films))
    labels = CHEST14.labels
    targets = (rng.random((films, len(labels))) < np.geomspace(0.18, 0.003, len(labels))).astype(np.float64)
    logits = 1.2 * targets + rng.normal(size=targets.shape)
    ages = np.array(["0 to 17", "18 to 39", "40 to 59", "60 to 79", "80 and over"])
    return Scores(
        labels=labels,
        images=np.array([f"{index:064x}" for index in range(films)]),
        groups=np.unique(groups, return_inverse=True)[1],
        attributes={
            "sex": rng.choice(["F", "M"], films),
            "age": rng.choice(ages, films, p=(0.04, 0.3, 0.4, 0.24, 0.02)),
            "view": rng.choice(["AP", "PA"], films),
        },
        assessed=np.ones(films, bool),
        targets=targets,
        logits=logits,
        probabilities=expit(logits),
        model="drawn",
        answers="",
        manifest_sha256="",
        split="test",
    )


def points(labels: tuple[str, ...]) -> dict[str, LabelCalibration]:
    """The same operating points for every label."""
    share = Share(value=0.5, low=0.0, high=1.0, n=1)
    chosen = [OperatingPoint(threshold=at, validation=Rates(sensitivity=share, specificity=share)) for at in (0.3, 0.5, 0.7)]
    one = LabelCalibration(
        curve=Sigmoid(kind="sigmoid", slope=1, intercept=0),
        log_loss={},
        present_from=0.5,
        absent_to=0.5,
        rule_out=chosen[0],
        balanced=chosen[1],
        rule_in=chosen[2],
    )
    return dict.fromkeys(labels, one)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def against_scikit_learn(scores: Scores, resampled: int = 20) -> tuple[float, float, float]:
    """Seconds an AUROC by scikit-learn and by ours over the same resamples of one label, paired; and the largest difference."""
    positive, said = scores.targets[:, 0] == 1, scores.probabilities[:, 0]
    weights: NDArray[np.float32] = next(resamples(scores.groups))
    ours: list[float] = []
    taken = seconds(lambda: ours.extend(Ranked(said, positive).areas(weights)[0]))
    theirs: list[float] = []
    slow = seconds(lambda: theirs.extend(roc_auc_score(positive, said, sample_weight=weights[:, k]) for k in range(resampled)))
    return slow / resampled, taken / weights.shape[1], float(np.abs(np.subtract(theirs, ours[:resampled])).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=25_000)
    scores = draw(parser.parse_args().films)
    labels = points(scores.labels)
    times = {
        "all labels": seconds(lambda: measure(scores.targets, scores.probabilities, scores.groups, labels)),
        "every subgroup": seconds(
            lambda: subgroups(scores.attributes, scores.targets, scores.probabilities, scores.groups, labels)
        ),
        "the gate's comparisons": seconds(lambda: list(non_inferiority(scores, scores, Policy()))),
    }
    patients = scores.groups.max() + 1
    title = f"judging {len(scores):,} films, {len(scores.labels)} labels, {BOOTSTRAPS} resamples of {patients:,} patients"
    table = Table(title=title, title_justify="left")
    for heading in ("what", "seconds", "aim"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for what, taken in times.items():
        table.add_row(what, f"{taken:.1f}", f"at most {AIMS[what]:.0f}")
    slow, fast, apart = against_scikit_learn(scores)
    table.add_row("an AUROC of a resample, by scikit-learn", f"{slow * 1000:.2f} ms", "")
    table.add_row("the same and its average precision, by ours", f"{fast * 1000:.2f} ms", "at least 5 times as fast")
    table.add_row("largest difference between the two", f"{apart:.0e}", "at most 1e-09")
    Console().print(table)
    sys.exit(any(taken > AIMS[what] for what, taken in times.items()) or slow < 5 * fast or apart > 1e-9)


if __name__ == "__main__":
    main()
