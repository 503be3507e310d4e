"""``overread evaluate``: what the shipped graph does on films that decided nothing. The last step; it completes the bundle."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from model_code.bundle import edit_bundle, open_bundle
from model_code.bundle_info import (
    BundleInfo,
    CalibrationRecord,
    Coverage,
    Interval,
    Metrics,
    OperatingPoint,
    Pointing,
    Reliability,
)
from model_code.calibrate import rates
from model_code.calibration_curve import RAW, probability_of
from model_code.data.films import read_film
from model_code.data.manifest import Manifest, read_manifest
from model_code.data.phantoms.places import read_places
from model_code.files import atomic_file, write_json
from model_code.predictor import PEAK_GRID, Predictor, decide, peak_of
from model_code.progress import track
from model_code.reliability import calibration_error, reliability_curve, reliability_picture
from model_code.shares import share

TEST: Final = "test"
"""The split that decided nothing before: only its figures go into the bundle."""

BOOTSTRAPS: Final = 400
"""Resamples behind each 95% interval."""

WIDTH: Final = 120
"""Columns of the table where no terminal says how wide it is."""

Array = NDArray[np.float64]


def evaluate(folder: Path, *, data: Path, split: str = TEST, out: Path | None = None, report: Path | None = None) -> BundleInfo:
    """Measures a calibrated bundle. Figures of the test split are recorded in the bundle, those of another are only returned.

    Args:
        folder: the bundle, exported and calibrated.
        data: the manifest.
        split: which films to measure on.
        out: where the new bundle goes; in place when None.
        report: a folder for ``metrics.json`` (the pipeline registers it with the model) and the reliability picture as well.

    Raises:
        ManifestError: the split is empty or a film cannot be read.
    """
    bundle = open_bundle(folder, needs=("graph", "calibration", "film_gate"))
    calibration = bundle.info.calibration
    assert calibration is not None
    manifest = read_manifest(data, bundle.spec).split(split)
    logits, probabilities, peaks, refused = _score(Predictor.of(bundle), manifest)
    targets = manifest.targets.astype(np.float64)
    groups = manifest.frame["group"].to_numpy(str)
    auroc, macro = auroc_intervals(targets, probabilities, groups, manifest.labels)
    metrics = Metrics(
        manifest_sha256=manifest.sha256,
        split=split,
        films=len(manifest),
        macro_auroc=macro,
        auroc=auroc,
        reliability=reliability(targets, logits, probabilities, groups, manifest.labels),
        coverage=coverage(targets, probabilities, calibration),
        not_assessed=refused,
        pointing=pointing_test(manifest, targets, probabilities, peaks, calibration),
    )
    info = bundle.info.model_copy(
        update={"metrics": metrics, "calibration": _measure_points(calibration, targets, probabilities)}
    )
    if split == TEST:
        with edit_bundle(bundle, out) as draft:
            draft.info = info
    if report is not None:
        write_json(report / "metrics.json", metrics.model_dump(mode="json"))
        with atomic_file(report / "reliability.svg") as temporary:
            temporary.write_text(reliability_picture(metrics.reliability), encoding="utf-8")
    return info


def _score(predictor: Predictor, manifest: Manifest) -> tuple[Array, Array, NDArray[np.intp], int]:
    """Logits and probabilities (N, K), peaks (N, K, 2) as rows and columns of the peak grid, and how many the gate refused."""
    logits, probabilities, peaks, refused = [], [], [], 0
    for path in track(manifest.paths, f"score {manifest.frame['split'].iloc[0]} films", total=len(manifest)):
        image = read_film(path)
        scores = predictor.predict(image)
        refused += predictor.encode(image, scores).status == "not_assessed"
        logits.append(scores.logits[0])
        probabilities.append(predictor.probabilities(scores.logits)[0])
        places = [peak_of(label_map) for label_map in scores.maps[0]]
        peaks.append([(int(y * PEAK_GRID), int(x * PEAK_GRID)) for x, y in places])
    return np.array(logits, np.float64), np.array(probabilities), np.array(peaks), refused


def auroc_intervals(
    targets: Array, scores: Array, groups: NDArray[np.str_], labels: tuple[str, ...]
) -> tuple[dict[str, Interval], Interval]:
    """AUROC per label and their mean, with 95% percentile bootstrap intervals; patients, not films, are resampled.

    A label that lacks one kind of film (in the split, or in a resample) is left out of the mean there.
    """
    whole = _aurocs(targets, scores)
    draws = track(_resamples(groups), "bootstrap", total=BOOTSTRAPS)
    samples = np.array([_aurocs(targets[rows], scores[rows]) for rows in draws])
    per_label = {label: _interval(whole[i], samples[:, i]) for i, label in enumerate(labels) if not np.isnan(whole[i])}
    return per_label, _interval(float(np.nanmean(whole)), np.nanmean(samples, axis=1))


def _resamples(groups: NDArray[np.str_]) -> Iterator[NDArray[np.intp]]:
    """Rows of films whose patients are drawn with replacement, ``BOOTSTRAPS`` times, always the same."""
    members = list(pd.Series(range(len(groups))).groupby(groups).indices.values())
    rng = np.random.default_rng(0)
    for _ in range(BOOTSTRAPS):
        yield np.concatenate([members[pick] for pick in rng.integers(len(members), size=len(members))])


def _aurocs(targets: Array, scores: Array) -> Array:
    """AUROC per label, NaN where a label lacks one kind of film."""
    areas = np.full(targets.shape[1], np.nan)
    for label in range(targets.shape[1]):
        known = ~np.isnan(targets[:, label])
        truth = targets[known, label]
        if 0 < truth.sum() < len(truth):
            areas[label] = roc_auc_score(truth, scores[known, label])
    return areas


def _interval(value: float, samples: Array) -> Interval:
    low, high = np.nanpercentile(samples, (2.5, 97.5))
    return Interval(value=round(float(value), 4), low=round(float(low), 4), high=round(float(high), 4))


def reliability(
    targets: Array, logits: Array, probabilities: Array, groups: NDArray[np.str_], labels: tuple[str, ...]
) -> dict[str, Reliability]:
    """Whether probabilities are true, per label, before and after calibration, on films where the label is known."""
    found = {}
    for index, label in enumerate(labels):
        known = ~np.isnan(targets[:, index])
        if not known.any():
            continue
        positive, after = targets[known, index] == 1, probabilities[known, index]
        before = probability_of(RAW, logits[known, index])
        draws = list(_resamples(groups[known]))
        errors = {
            name: _interval(
                calibration_error(said, positive), np.array([calibration_error(said[rows], positive[rows]) for rows in draws])
            )
            for name, said in (("error_before", before), ("error", after))
        }
        found[label] = Reliability(**errors, curve=reliability_curve(after, positive))
    return found


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
        hits = sum(bool(places[manifest.frame["image"].iloc[row], label][tuple(peaks[row, index])]) for row in rows)
        counts[label] = (hits, len(rows))
    return Pointing(hits=sum(hits for hits, _ in counts.values()), films=sum(n for _, n in counts.values()), labels=counts)


def _measure_points(calibration: CalibrationRecord, targets: Array, probabilities: Array) -> CalibrationRecord:
    """The same operating points, with their rates on these films."""
    labels = {}
    for index, (label, chosen) in enumerate(calibration.labels.items()):
        known = ~np.isnan(targets[:, index])
        probability, positive = probabilities[known, index], targets[known, index] == 1

        def measured(
            point: OperatingPoint, probability: Array = probability, positive: NDArray[np.bool_] = positive
        ) -> OperatingPoint:
            return point.model_copy(update={"test": rates(point.threshold, probability, positive)})

        points = {name: measured(getattr(chosen, name)) for name in ("rule_out", "balanced", "rule_in")}
        labels[label] = chosen.model_copy(update=points)
    return calibration.model_copy(update={"labels": labels})


def show(info: BundleInfo) -> None:
    """Prints the figures of an evaluated bundle for people."""
    metrics, calibration = info.metrics, info.calibration
    assert metrics is not None and calibration is not None
    table = Table(title=f"{info.name} on {metrics.films} films of the {metrics.split} split", title_justify="left")
    table.add_column("label", no_wrap=True)
    headings = (
        "AUROC (95%)",
        "with it",
        "rule-out sens.",
        "rule-in spec.",
        "ECE before, after",
        "kept with, without",
        "pointing",
    )
    for heading in headings:
        table.add_column(heading, justify="right")
    for label, auroc in metrics.auroc.items():
        out, within = calibration.labels[label].rule_out.test, calibration.labels[label].rule_in.test
        assert out is not None and within is not None
        hits, shown = metrics.pointing.labels[label] if metrics.pointing else (0, 0)
        table.add_row(
            label.replace("_", " "),
            f"{auroc.value:.3f} ({auroc.low:.3f} to {auroc.high:.3f})",
            str(out.sensitivity.n),
            f"{out.sensitivity.value:.2f}",
            f"{within.specificity.value:.2f}",
            f"{metrics.reliability[label].error_before.value:.3f}, {metrics.reliability[label].error.value:.3f}",
            f"{metrics.coverage[label].present.value:.2f}, {metrics.coverage[label].absent.value:.2f}",
            f"{hits}/{shown}" if shown else "",
        )
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table)
    console.print("kept: films for which the decision leaves the right answer possible", style="dim")
    if metrics.pointing:
        console.print(f"pointing: {metrics.pointing}")
    console.print(f"not assessed by the film gate: {metrics.not_assessed} of {metrics.films}")
