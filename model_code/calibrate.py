"""``overread calibrate``: from the shipped graph's scores to probabilities, operating points, decisions and the film gate.

Everything here is chosen on the validation split, on the scores of the very graph that ships.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from model_code.bundle import Bundle, edit_bundle, open_bundle
from model_code.bundle_info import CalibrationRecord, LabelCalibration, OperatingPoint, Rates
from model_code.calibration_curve import probability_of
from model_code.calibration_fit import choose
from model_code.data.films import read_film
from model_code.data.manifest import read_manifest
from model_code.errors import ManifestError
from model_code.film_gate.dermoscopy import DermoscopyGate
from model_code.film_gate.fit import FILMS, fit_gate
from model_code.film_gate.fit_dermoscopy import fit_dermoscopy_gate
from model_code.film_gate.gate import FilmGate
from model_code.film_gate.picture import colour_of, grey_of, reduced
from model_code.graph import Graph
from model_code.progress import track
from model_code.shares import share

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
    logits, embeddings, films = [], [], []
    every = math.ceil(len(manifest) / FILMS)
    for index, path in enumerate(track(manifest.paths, "score validation films", total=len(manifest))):
        image = read_film(path)
        scores = graph.score(image)
        logits.append(scores.logits[0])
        embeddings.append(scores.embedding[0])
        if index % every == 0:
            films.append(reduced(image.pixels))
    groups = manifest.frame["group"].to_numpy(str)
    labels = {
        label: calibrate_label(
            label, np.array(logits, np.float64)[:, index], manifest.targets[:, index].astype(np.float64), groups
        )
        for index, label in enumerate(manifest.labels)
    }
    side = bundle.info.input.side
    gate: FilmGate | DermoscopyGate
    if bundle.info.input.channels == 3:
        gate = fit_dermoscopy_gate([colour_of(film) for film in films], np.array(embeddings), side=side)
    else:
        gate = fit_gate([grey_of(film) for film in films], np.array(embeddings), side=side)
    with edit_bundle(bundle, out) as draft:
        gate.save(draft.folder)
        calibration = CalibrationRecord(error_rate=ERROR_RATE, labels=labels)
        draft.info = draft.info.model_copy(update={"calibration": calibration, "film_gate": gate.limits, "metrics": None})
    return open_bundle(out or folder)


def calibrate_label(label: str, logits: Array, truth: Array, groups: NDArray[np.str_]) -> LabelCalibration:
    """Calibrates one label on the films where it is known. All are (N,); truth is 1, 0 or NaN, groups are the patients."""
    known = ~np.isnan(truth)
    logits, positive, groups = logits[known], truth[known] == 1, groups[known]
    if positive.all() or not positive.any():
        raise ManifestError(
            f"the validation split has {int(positive.sum())} films with '{label}' and {int((~positive).sum())} without; "
            "calibration needs both: use more patients or another seed"
        )
    curve, losses = choose(logits, positive, groups)
    probability = probability_of(curve, logits)
    out, within = thresholds(probability, positive)
    present_from, absent_to = conformal_limits(probability, positive, ERROR_RATE)
    return LabelCalibration(
        curve=curve,
        log_loss=losses,
        present_from=present_from,
        absent_to=absent_to,
        rule_out=_point(out, probability, positive),
        balanced=_point(min(max(balanced_threshold(probability, positive), out), within), probability, positive),
        rule_in=_point(within, probability, positive),
    )


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


def balanced_threshold(probability: Array, positive: NDArray[np.bool_]) -> float:
    """Where sensitivity and specificity together are highest (Youden 1950); the middle between the two films that it divides."""
    values = np.unique(probability)
    found = np.searchsorted(np.sort(probability[positive]), values)  # films with the finding below each value
    alarmed = np.searchsorted(np.sort(probability[~positive]), values)
    gain = alarmed / max(int((~positive).sum()), 1) - found / max(int(positive.sum()), 1)
    best = int(gain.argmax())
    return float(values[best] if best == 0 else (values[best - 1] + values[best]) / 2)


def rates(threshold: float, probability: Array, positive: NDArray[np.bool_]) -> Rates:
    """How a threshold does on films with known truth (N,)."""
    found = probability >= threshold
    return Rates(
        sensitivity=share(int(found[positive].sum()), int(positive.sum())),
        specificity=share(int((~found[~positive]).sum()), int((~positive).sum())),
    )


def _point(threshold: float, probability: Array, positive: NDArray[np.bool_]) -> OperatingPoint:
    return OperatingPoint(threshold=threshold, validation=rates(threshold, probability, positive))
