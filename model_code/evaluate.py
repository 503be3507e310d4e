"""``overread evaluate``: what the shipped graph does on films that decided nothing. The last step; it completes the bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from model_code.bundle import edit_bundle, open_bundle
from model_code.bundle_info import BundleInfo, CalibrationRecord, Metrics
from model_code.data.manifest import Manifest, read_manifest
from model_code.errors import ManifestError, UsageError
from model_code.files import atomic_file, write_json
from model_code.judging.decisions import coverage, measured_points, pointing_test
from model_code.judging.exclusive import exclusive_figures
from model_code.judging.figures import measure
from model_code.judging.probes import probes
from model_code.judging.scoring import Scored, score
from model_code.judging.subgroups import subgroups
from model_code.predictor import Predictor
from model_code.reliability import reliability, reliability_picture

TEST: Final = "test"
"""The split that decided nothing before: only its figures go into the bundle."""


def evaluate(folder: Path, *, data: Path, split: str = TEST, out: Path | None = None, report: Path | None = None) -> BundleInfo:
    """Measures a calibrated bundle. Figures of the test split are recorded in the bundle, those of another are only returned.

    Args:
        folder: the bundle, exported and calibrated.
        data: the manifest.
        split: which films to measure on.
        out: where the new bundle goes; in place when None. Only with the test split.
        report: a folder for ``metrics.json`` (the pipeline registers it with the model), the reliability picture and
            ``scores.parquet``, from which ``gate``, ``compare`` and ``evidence`` work.

    Raises:
        ManifestError: the split is empty, a film cannot be read, or no label has films both with and without it.
        UsageError: ``out`` is given for another split than the test split.
    """
    if out is not None and split != TEST:
        raise UsageError(
            f"--out '{out}' with --split '{split}': only figures of the split '{TEST}' are written into a bundle; "
            f"leave out --out, or evaluate on '{TEST}'"
        )
    bundle = open_bundle(folder, needs=("graph", "calibration", "film_gate"))
    calibration = bundle.info.calibration
    assert calibration is not None
    manifest = read_manifest(data, bundle.spec).split(split)
    scored = score(Predictor.of(bundle), manifest)
    metrics = metrics_of(scored, manifest, calibration, exclusive=bundle.spec.exclusive)
    points = measured_points(calibration, scored.scores.targets, scored.scores.probabilities)
    info = bundle.info.model_copy(update={"metrics": metrics, "calibration": points})
    if split == TEST:
        with edit_bundle(bundle, out) as draft:
            draft.info = info
    if report is not None:
        write_json(report / "metrics.json", metrics.model_dump(mode="json"))
        scored.scores.write(report)
        with atomic_file(report / "reliability.svg") as temporary:
            temporary.write_text(reliability_picture(metrics.reliability), encoding="utf-8")
    return info


def metrics_of(scored: Scored, manifest: Manifest, calibration: CalibrationRecord, *, exclusive: bool) -> Metrics:
    """Every figure of a scored split.

    Raises:
        ManifestError: no label has films both with and without it.
    """
    scores, labels = scored.scores, calibration.labels
    targets, said, groups = scores.targets, scores.probabilities, scores.groups
    measured = measure(targets, said, groups, labels)
    if measured.macro_auroc is None:
        raise ManifestError(f"no label has films both with and without it in the split '{scores.split}'; use more films")
    rows = scored.probed
    return Metrics(
        manifest_sha256=scores.manifest_sha256,
        split=scores.split,
        films=len(scores),
        groups=len(np.unique(groups)),
        macro_auroc=measured.macro_auroc,
        auroc={label: one.auroc for label, one in measured.labels.items() if one.auroc is not None},
        labels=measured.labels,
        points=measured.points,
        reliability=reliability(targets, scores.logits, said, groups, scores.labels),
        coverage=coverage(targets, said, calibration),
        not_assessed=int((~scores.assessed).sum()),
        pointing=pointing_test(manifest, targets, said, scored.peaks, calibration),
        subgroups=subgroups(scores.attributes, targets, said, groups, labels),
        exclusive=exclusive_figures(targets, scores.logits, groups) if exclusive else None,
        probes=probes(targets[rows], groups[rows], {"intact": said[rows], **scored.hidden}, labels),
    )
