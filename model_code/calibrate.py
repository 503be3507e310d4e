"""``overread calibrate``: from the shipped graph's scores to probabilities, operating points, decisions and the film gate.

Everything here is chosen on the validation split, on the scores of the very graph that ships.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from model_code.bundle import Bundle, edit_bundle, open_bundle
from model_code.bundle_info import CalibrationRecord, LabelCalibration, OperatingPoint, Rates
from model_code.data.films import read_film
from model_code.data.manifest import read_manifest
from model_code.errors import ManifestError
from model_code.film_gate import FilmGate, look
from model_code.graph import Graph
from model_code.progress import track

Array = NDArray[np.float64]

ERROR_RATE: Final = 0.10
"""Conformal: of the films with (and of those without) a finding, at most this share loses the right answer."""
RULE_OUT_SENSITIVITY: Final = 0.95
RULE_IN_SPECIFICITY: Final = 0.95


def calibrate(folder: Path, *, data: Path, out: Path | None = None) -> Bundle:
    """Adds calibration, operating points, conformal limits and the film gate to an exported bundle.

    Args:
        folder: the bundle, exported.
        data: the manifest; its validation split decides everything.
        out: where the new bundle goes; in place when None.

    Raises:
        ManifestError: a label has no film with it, or none without it, in the validation split.
    """
    bundle = open_bundle(folder, needs=("graph",))
    manifest = read_manifest(data, bundle.spec).split("val")
    graph = Graph(bundle)
    logits, embeddings, looks = [], [], []
    for path in track(manifest.paths, "score validation films", total=len(manifest)):
        image = read_film(path)
        scores = graph.score(image)
        logits.append(scores.logits[0])
        embeddings.append(scores.embedding[0])
        looks.append(look(image.pixels))
    labels = {
        label: calibrate_label(label, np.array(logits, np.float64)[:, index], manifest.targets[:, index].astype(np.float64))
        for index, label in enumerate(manifest.labels)
    }
    gate = FilmGate.fit(looks, np.array(embeddings))
    with edit_bundle(bundle, out) as draft:
        gate.save(draft.folder)
        calibration = CalibrationRecord(error_rate=ERROR_RATE, labels=labels)
        draft.info = draft.info.model_copy(update={"calibration": calibration, "film_gate": gate.limits, "metrics": None})
    return open_bundle(out or folder)


def calibrate_label(label: str, logits: Array, truth: Array) -> LabelCalibration:
    """Calibrates one label on the films where it is known. Both arguments are (N,); truth is 1, 0 or NaN."""
    known = ~np.isnan(truth)
    logits, positive = logits[known], truth[known] == 1
    if positive.all() or not positive.any():
        raise ManifestError(
            f"the validation split has {int(positive.sum())} films with '{label}' and {int((~positive).sum())} without; "
            "calibration needs both: use more patients or another seed"
        )
    slope, intercept = platt(logits, positive)
    probability = expit(slope * logits + intercept)
    out, within = thresholds(probability, positive)
    present_from, absent_to = conformal_limits(probability, positive, ERROR_RATE)
    return LabelCalibration(
        slope=slope,
        intercept=intercept,
        present_from=present_from,
        absent_to=absent_to,
        rule_out=_point(out, probability, positive),
        rule_in=_point(within, probability, positive),
    )


def platt(logits: Array, positive: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept of Platt's sigmoid by maximum likelihood, with his smoothed targets (Platt 1999, section 2.2).

    The smoothing keeps the slope finite where a label is separated without an error. The slope is never negative: calibration
    does not turn a ranking around.
    """
    with_it, without = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (with_it + 1) / (with_it + 2), 1 / (without + 2))

    def loss(parameters: Array) -> float:
        z = math.exp(parameters[0]) * logits + parameters[1]
        return float(np.mean(np.logaddexp(0, z) - target * z))

    best = minimize(loss, np.array([0.0, 0.0]), method="BFGS")
    return math.exp(best.x[0]), float(best.x[1])


def conformal_limits(probability: Array, positive: NDArray[np.bool_], error_rate: float) -> tuple[float, float]:
    """Class-conditional split conformal limits (Vovk 2012): (present_from, absent_to).

    "Present" stays possible for probabilities of at least ``present_from``, which all but ``error_rate`` of the films with the
    finding reach; "absent" up to ``absent_to`` likewise. With too few films of a class nothing can be excluded.
    """
    with_it, without = np.sort(probability[positive]), np.sort(probability[~positive])
    low = math.floor(error_rate * (len(with_it) + 1))  # how many films with the finding may fall below
    high = math.floor(error_rate * (len(without) + 1))
    present_from = float(with_it[low - 1]) if low > 0 else 0.0
    absent_to = float(without[-high]) if high > 0 else 1.0
    return present_from, absent_to


def thresholds(probability: Array, positive: NDArray[np.bool_]) -> tuple[float, float]:
    """Thresholds for rule-out and rule-in; rule-out never lies above rule-in.

    Where a label is separated so well that its aims leave room between them, one threshold serves both purposes: the middle of
    that room on the logit scale, as far as can be from missing and from alarming falsely.
    """
    out = threshold_for_sensitivity(probability[positive], RULE_OUT_SENSITIVITY)
    within = threshold_for_specificity(probability[~positive], RULE_IN_SPECIFICITY)
    if out > within:
        out = within = float(expit((logit(min(out, 1 - 1e-9)) + logit(max(within, 1e-9))) / 2))
    return out, within


def threshold_for_sensitivity(of_positives: Array, sensitivity: float) -> float:
    """The highest threshold that still finds that share of the positives (probability >= threshold counts as found)."""
    ordered = np.sort(of_positives)
    return float(ordered[len(ordered) - math.ceil(sensitivity * len(ordered))])


def threshold_for_specificity(of_negatives: Array, specificity: float) -> float:
    """The lowest threshold that leaves that share of the negatives alone."""
    ordered = np.sort(of_negatives)
    last_left_alone = ordered[math.ceil(specificity * len(ordered)) - 1]
    return float(min(np.nextafter(last_left_alone, 2), 1.0))


def rates(threshold: float, probability: Array, positive: NDArray[np.bool_]) -> Rates:
    """How a threshold does on films with known truth; 0 where a split has no film of a kind."""
    found = probability >= threshold
    with_it, without = int(positive.sum()), int((~positive).sum())
    return Rates(
        sensitivity=float(found[positive].sum() / max(with_it, 1)),
        specificity=float((~found[~positive]).sum() / max(without, 1)),
        positives=with_it,
        negatives=without,
    )


def _point(threshold: float, probability: Array, positive: NDArray[np.bool_]) -> OperatingPoint:
    return OperatingPoint(threshold=threshold, validation=rates(threshold, probability, positive))
