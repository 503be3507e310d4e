"""Made-up scores for tests of judging: two labels, patients with several films, and attributes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from model_code.bundle_info import Interval, LabelCalibration, LabelFigures, Metrics, OperatingPoint, Rates, Share, Sigmoid
from model_code.judging.scores import Scores

LABELS = ("A", "B")


def scores(
    *, patients: int = 400, films: int = 2, skill: float = 1.5, noise: int = 0, seed: int = 0, model: str = "m 1"
) -> Scores:
    """Films of patients whose truth stays over their films. ``noise`` draws another model of the same skill on the same films."""
    rng = np.random.default_rng(seed)
    count = patients * films
    targets = np.repeat(rng.integers(0, 2, (patients, len(LABELS))).astype(float), films, axis=0)
    own = np.random.default_rng([seed, noise, 1])
    logits = skill * (targets - 0.5) + rng.normal(size=(count, len(LABELS))) + 0.05 * own.normal(size=(count, len(LABELS)))
    return Scores(
        labels=LABELS,
        images=np.array([f"{index:064x}" for index in range(count)]),
        groups=np.repeat(np.arange(patients), films),
        attributes={
            "sex": np.repeat(np.where(rng.random(patients) < 0.5, "F", "M"), films),
            "view": np.where(rng.random(count) < 0.3, "AP", "PA"),
        },
        assessed=np.ones(count, bool),
        targets=targets,
        logits=logits,
        probabilities=expit(logits),
        model=model,
        answers="0" * 64,
        manifest_sha256="1" * 64,
        split="test",
    )


def worse(drawn: Scores, rows: NDArray[np.bool_], label: int, *, to: float = 0.0) -> Scores:
    """The same scores, with one label's on some films mixed with noise; ``to`` 0 leaves nothing of them."""
    rng = np.random.default_rng(9)
    logits = drawn.logits.copy()
    logits[rows, label] = to * logits[rows, label] + (1 - to) * rng.normal(size=rows.sum())
    return replace(drawn, logits=logits, probabilities=expit(logits), model="m 2")


def calibration(labels: tuple[str, ...] = LABELS) -> dict[str, LabelCalibration]:
    """Probabilities as they are, and points at 0.3, 0.5 and 0.7."""
    share = Share(value=0.5, low=0.0, high=1.0, n=1)
    points = [OperatingPoint(threshold=at, validation=Rates(sensitivity=share, specificity=share)) for at in (0.3, 0.5, 0.7)]
    one = LabelCalibration(
        curve=Sigmoid(kind="sigmoid", slope=1, intercept=0),
        log_loss={},
        present_from=0.4,
        absent_to=0.6,
        rule_out=points[0],
        balanced=points[1],
        rule_in=points[2],
    )
    return dict.fromkeys(labels, one)


def metrics(low: float = 0.9) -> Metrics:
    """Of a model whose macro AUROC's interval starts at ``low``."""
    figure = Interval(value=low + 0.02, low=low, high=low + 0.04)
    error = Interval(value=0.02, low=0.01, high=0.03)
    label = LabelFigures(positives=100, negatives=100, auroc=figure, calibration_error=error)
    return Metrics(
        manifest_sha256="1" * 64,
        split="test",
        films=800,
        macro_auroc=figure,
        auroc=dict.fromkeys(LABELS, figure),
        reliability={},
        coverage={},
        not_assessed=0,
        labels=dict.fromkeys(LABELS, label),
    )
