"""What the decisions and places in a Reading are worth on films that decided nothing: coverage, pointing, operating points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import CalibrationRecord, Coverage, OperatingPoint, Pointing
from model_code.calibrate import rates
from model_code.data.manifest import Manifest
from model_code.data.phantoms.places import read_places
from model_code.judging.figures import POINTS
from model_code.judging.resample import Array
from model_code.predictor import decide
from model_code.shares import share


def coverage(targets: Array, probabilities: Array, calibration: CalibrationRecord) -> dict[str, Coverage]:
    """How often the conformal decision keeps the right answer possible, per label."""
    found = {}
    for index, (label, chosen) in enumerate(calibration.labels.items()):
        known = ~np.isnan(targets[:, index])
        positive, said = targets[known, index] == 1, probabilities[known, index]
        decisions = np.array([decide(float(probability), chosen) for probability in said])
        found[label] = Coverage(
            present=share(int((decisions[positive] != "absent").sum()), int(positive.sum())),
            absent=share(int((decisions[~positive] != "present").sum()), int((~positive).sum())),
            uncertain=share(int((decisions == "uncertain").sum()), len(decisions)),
        )
    return found


def pointing_test(
    manifest: Manifest, targets: Array, probabilities: Array, peaks: NDArray[np.intp], calibration: CalibrationRecord
) -> Pointing | None:
    """The pointing game (Zhang et al., ECCV 2016) without its tolerance: does the map's peak lie inside the drawn sign?

    Over true positives at the rule-in threshold. None where the data set records no places (real films).
    """
    places = read_places(manifest.root)
    if not places:
        return None
    counts: dict[str, tuple[int, int]] = {}
    for index, label in enumerate(manifest.labels):
        threshold = calibration.labels[label].rule_in.threshold
        rows = np.flatnonzero((targets[:, index] == 1) & (probabilities[:, index] >= threshold))
        drawn = [(row, places.get((manifest.frame["image"].iloc[row], label))) for row in rows]
        hits = [bool(place[tuple(peaks[row, index])]) for row, place in drawn if place is not None]  # "normal" lies nowhere
        counts[label] = (sum(hits), len(hits))
    return Pointing(hits=sum(hits for hits, _ in counts.values()), films=sum(n for _, n in counts.values()), labels=counts)


def measured_points(calibration: CalibrationRecord, targets: Array, probabilities: Array) -> CalibrationRecord:
    """The same operating points, with their rates on these films; of a label that lacks one kind, validation's stand alone."""
    labels = {}
    for index, (label, chosen) in enumerate(calibration.labels.items()):
        known = ~np.isnan(targets[:, index])
        probability, positive = probabilities[known, index], targets[known, index] == 1

        def measured(
            point: OperatingPoint, probability: Array = probability, positive: NDArray[np.bool_] = positive
        ) -> OperatingPoint:
            both = 0 < positive.sum() < len(positive)
            return point.model_copy(update={"test": rates(point.threshold, probability, positive) if both else None})

        points = {name: measured(getattr(chosen, name)) for name in POINTS}
        labels[label] = chosen.model_copy(update=points)
    return calibration.model_copy(update={"labels": labels})
