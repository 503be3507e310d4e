"""The evidence page's sections of figures: by label, curves, calibration, subgroups, probes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from model_code.bundle_info import BundleInfo
from model_code.judging.curves import pictures as curve_pictures
from model_code.judging.figures import POINTS
from model_code.judging.html import bar, figure, table
from model_code.judging.scores import Scores
from model_code.reliability import reliability_picture


def labels(info: BundleInfo) -> Iterator[str]:
    """AUROC, average precision and F1 by label, rates at the operating points, confusion where labels exclude each other."""
    metrics = info.metrics
    assert metrics is not None
    yield table(
        "Average precision depends on how common a finding is; F1 is at the balanced operating point",
        ("label", "with it", "AUROC (95%)", "0.5 to 1", "average precision", "F1"),
        (
            (
                label.replace("_", " "),
                one.positives,
                figure(one.auroc),
                bar(one.auroc, low=0.5, high=1.0),
                figure(one.average_precision),
                figure(one.f1),
            )
            for label, one in metrics.labels.items()
        ),
        numbers=(1, 2, 4, 5),
    )
    names = [f"{point.replace('_', '-')} {rate[:4]}." for point in POINTS for rate in _RATES]
    yield table(
        "Sensitivity and specificity at the operating points, whose thresholds were chosen on validation",
        ("label", *names),
        (
            (
                label.replace("_", " "),
                *(figure(getattr(points[point], rate), digits=2) for point in POINTS for rate in _RATES),
            )
            for label, points in metrics.points.items()
        ),
        numbers=range(1, 7),
    )
    if metrics.exclusive:
        one = metrics.exclusive
        yield f"<p>Accuracy {figure(one.accuracy)}; balanced over the labels {figure(one.balanced_accuracy)}.</p>"
        rows = ((label, *row) for label, row in zip(info.labels, one.confusion, strict=True))
        numbers = range(1, len(info.labels) + 1)
        yield table("Confusion: a row a true label, a column the likeliest one", ("true", *info.labels), rows, numbers=numbers)


_RATES = ("sensitivity", "specificity")


def curves(info: BundleInfo, scores: Scores) -> Iterator[str]:
    """ROC and precision-recall."""
    assert info.metrics is not None
    roc, precision = curve_pictures([scores], info.metrics.labels)
    yield f"<h3>ROC, with its area</h3>{roc}<h3>Precision over recall, with average precision</h3>{precision}"


def reliabilities(info: BundleInfo) -> Iterator[str]:
    """Said against found, and the conformal decision."""
    assert info.metrics is not None
    yield "<p>Said against found, films in groups of about the same size; on the diagonal what is said is true.</p>"
    yield reliability_picture(info.metrics.reliability)
    yield table(
        "Expected calibration error, before and after calibration, and the conformal decision",
        ("label", "ECE before", "ECE after", "right answer kept, with / without", "left open"),
        (
            (
                label.replace("_", " "),
                figure(found.error_before),
                figure(found.error),
                f"{info.metrics.coverage[label].present.value:.0%} / {info.metrics.coverage[label].absent.value:.0%}",
                f"{info.metrics.coverage[label].uncertain.value:.0%}",
            )
            for label, found in info.metrics.reliability.items()
        ),
        numbers=(1, 2, 3, 4),
    )


def by_subgroup(info: BundleInfo) -> Iterator[str]:
    """Macro AUROC by subgroup, those with too few films among them; AUROC by label folded away."""
    assert info.metrics is not None
    if not info.metrics.subgroups:
        yield "<p>The data set names no attributes of its films.</p>"
        return
    yield "<p>Subgroups with too few films of both kinds are listed as such: of them nothing is known.</p>"
    yield table(
        "Macro AUROC by subgroup, over the labels with enough films there",
        ("subgroup", "films", "patients or lesions", "labels measured", "macro AUROC (95%)", "0.5 to 1"),
        (
            (
                f"{attribute}: {value}",
                found.films,
                found.groups,
                f"{sum(one.auroc is not None for one in found.labels.values())} of {len(found.labels)}",
                figure(found.macro_auroc),
                bar(found.macro_auroc, low=0.5, high=1.0),
            )
            for attribute, values in info.metrics.subgroups.items()
            for value, found in values.items()
        ),
        numbers=(1, 2, 3, 4),
    )
    for attribute, values in info.metrics.subgroups.items():
        rows = (
            (label.replace("_", " "), *(figure(found.labels[label].auroc) for found in values.values())) for label in info.labels
        )
        whole = table(f"AUROC by label and {attribute}", ("label", *values), rows, numbers=range(1, len(values) + 1))
        yield f"<details><summary>By label and {escape(attribute)}</summary>{whole}</details>"


def shortcut_probes(info: BundleInfo) -> Iterator[str]:
    """AUROC of the same films, altered."""
    assert info.metrics is not None
    probes = info.metrics.probes
    if probes is None:
        yield "<p>No probes were recorded; evaluate the model again.</p>"
        return
    yield (
        f"<p>The same {probes.films} films once more: with the middle hidden, where findings are, AUROC should fall near 0.5; "
        "with the corners hidden, where markers are, it should stay. What survives without the middle was read off the rim.</p>"
    )
    kinds = (
        ("as they are", probes.intact),
        ("without the middle", probes.without_centre),
        ("without corners", probes.without_corners),
    )
    yield table(
        "AUROC of the same films, altered",
        ("label", *(name for name, _ in kinds)),
        [
            ("all labels (macro)", *(figure(one.macro_auroc) for _, one in kinds)),
            *((label.replace("_", " "), *(figure(one.auroc.get(label)) for _, one in kinds)) for label in probes.intact.auroc),
        ],
        numbers=(1, 2, 3),
    )
