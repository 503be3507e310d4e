"""What is asked of a model by itself: fixed minima, films answered, gaps between subgroups, shortcut probes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import Interval, Metrics
from model_code.judging.against import estimates, subsets
from model_code.judging.delong import Estimate, mean_by_patient, mean_of
from model_code.judging.policy import Check, Policy
from model_code.judging.probes import probed_rows
from model_code.judging.resample import groups_of_each
from model_code.judging.scores import Scores

FOR_CALIBRATION: Final = 200
"""Patients below whom even true probabilities have a calibration error near the limit: the error is above 0 by chance alone."""


def minima(metrics: Metrics, scores: Scores, policy: Policy) -> Iterator[Check]:
    """The fixed minima; the macro AUROC must reach its own surely, a label must not miss its own surely."""
    macro, limit = metrics.macro_auroc, policy.minimum_macro_auroc
    yield _check("minimum macro AUROC", "all labels", macro, limit, holds=macro.low >= limit, films=metrics.films)
    for index, label in enumerate(scores.labels):
        found, limit = metrics.labels[label], policy.minimum_label_auroc
        films, (having, lacking, patients) = found.positives + found.negatives, _patients(scores, index)
        if found.auroc is None or found.calibration_error is None or min(having, lacking) < policy.enough:
            reason = f"{label}: too few patients to judge it by: {having} with it, {lacking} without"
            yield Check(rule="minimum AUROC", scope=label, outcome="not judged", limit=limit, films=films, reason=reason)
            continue
        yield _check("minimum AUROC", label, found.auroc, limit, holds=found.auroc.high >= limit, films=films)
        error, limit, rule = found.calibration_error, policy.maximum_calibration_error, "maximum calibration error"
        if patients < FOR_CALIBRATION:
            reason = f"{label}: {patients} patients are too few to judge calibration by; {FOR_CALIBRATION} are needed"
            yield Check(rule=rule, scope=label, outcome="not judged", limit=limit, films=films, reason=reason)
        else:
            yield _check(rule, label, error, limit, holds=error.low <= limit, films=films)


def unanswered(scores: Scores, policy: Policy) -> Iterator[Check]:
    """Films that the film gate did not let pass: of all of them, and of every subgroup. Of these nobody is told anything.

    Not of the views: to let no film of another view pass is what the film gate is for.
    """
    everyone = ("", "all films", np.ones(len(scores), bool))
    for attribute, value, rows in (everyone, *(one for one in subsets(scores) if one[0] != "view")):
        rule, scope, limit = "films not assessed", f"{attribute} {value}".strip(), policy.maximum_not_assessed
        films, patients = int(rows.sum()), len(np.unique(scores.groups[rows]))
        if patients < policy.enough:
            reason = f"{scope}: films of {patients} patients are too few to judge by what was not assessed"
            yield Check(rule=rule, scope=scope, outcome="not judged", limit=limit, films=films, reason=reason)
            continue
        found = mean_by_patient((~scores.assessed[rows]).astype(float), scores.groups[rows]).share
        yield _check(rule, scope, found, limit, holds=found.low <= limit, films=films)


def _patients(scores: Scores, index: int, rows: NDArray[np.intp] | slice = slice(None)) -> tuple[int, int, int]:
    """Patients with films of a label's column that have it, of films that do not, and of either."""
    truth, groups = scores.targets[rows, index], scores.groups[rows]
    known = ~np.isnan(truth)
    return *groups_of_each(groups[known], truth[known] == 1), len(np.unique(groups[known]))


def gaps(scores: Scores, policy: Policy) -> Iterator[Check]:
    """Between two subgroups of each attribute, those most surely apart, on the labels that both have enough films of."""
    found: dict[str, dict[str, dict[str, Estimate]]] = {}
    for attribute, value, rows in subsets(scores):
        found.setdefault(attribute, {})[value] = estimates(scores, rows, policy.enough)
    for attribute, values in found.items():
        measured = {value: labels for value, labels in values.items() if labels}
        pairs = [
            (mean_of([one[k] for k in one if k in other]) - mean_of([other[k] for k in one if k in other]), best, worst)
            for best, one in measured.items()
            for worst, other in measured.items()
            if best != worst and one.keys() & other.keys()
        ]
        rule, limit = "gap between subgroups", policy.maximum_gap
        if not pairs:
            reason = f"{attribute}: fewer than two subgroups have enough films"
            yield Check(rule=rule, scope=attribute, outcome="not judged", limit=limit, reason=reason)
            continue
        # the one that is most surely large: a larger one between small subgroups may be chance, and must not hide it
        gap, best, worst = max(pairs, key=lambda pair: pair[0].interval.low)
        scope = f"{attribute}: {best} over {worst}"
        yield _check(rule, scope, gap.interval, limit, holds=gap.interval.low <= limit, films=int(np.size(scores.groups)))


def shortcuts(metrics: Metrics, scores: Scores, policy: Policy) -> Iterator[Check]:
    """The shortcut probes: what survives without the middle of the film, and what is lost with its corners."""
    if metrics.probes is None:
        yield Check(
            rule="shortcut probes", scope="all labels", outcome="not judged", reason="no probes were recorded; evaluate again"
        )
        return
    films, centre = metrics.probes.films, metrics.probes.without_centre.macro_auroc
    limit = policy.maximum_without_centre
    rule = "macro AUROC without the middle of the film"
    yield _check(rule, "all labels", centre, limit, holds=centre.low <= limit, films=films)
    rule, limit = "AUROC without the middle of the film", policy.maximum_label_without_centre
    probed = probed_rows(len(scores))
    for label, found in metrics.probes.without_centre.auroc.items():
        if min(_patients(scores, scores.labels.index(label), probed)) < policy.enough:
            reason = f"{label}: of the {films} probed films, those of one kind are of too few patients"
            yield Check(rule=rule, scope=label, outcome="not judged", limit=limit, films=films, reason=reason)
            continue
        yield _check(rule, label, found, limit, holds=found.low <= limit, films=films)
    intact, corners = metrics.probes.intact.macro_auroc, metrics.probes.without_corners.macro_auroc
    lost = Interval(value=round(intact.value - corners.value, 4), low=intact.low - corners.high, high=intact.high - corners.low)
    limit = policy.maximum_corner_fall
    rule = "macro AUROC lost with the corners of the film"
    # by the value: the two are of the same films, so an interval of their difference from their own intervals is far too wide
    yield _check(rule, "all labels", lost, limit, holds=lost.value <= limit, films=films)


def _check(rule: str, scope: str, figure: Interval, limit: float, *, holds: bool, films: int) -> Check:
    reason = f"{rule}, {scope}: {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f}), limit {limit:g}"
    outcome = "passed" if holds else "refused"
    return Check(rule=rule, scope=scope, outcome=outcome, limit=limit, films=films, reason=reason, **figure.model_dump())
