"""Champion against challenger on the same films: is the challenger surely no worse than a margin allows?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.errors import OverreadError
from model_code.judging.delong import Estimate, auroc, mean_of
from model_code.judging.policy import Check, Policy
from model_code.judging.resample import fewest_groups
from model_code.judging.scores import Scores

ERROR: Final = 0.025
"""One-sided error of each test: what lies outside a 95% interval on one side."""

METHOD: Final = (
    "Differences of AUROC (challenger minus champion) are paired on the same films, with DeLong's variance (Sun & Xu 2014) "
    "summed by patient or lesion (Obuchowski 1997). Chosen over a paired bootstrap because the same inputs always give the same "
    "verdict, and hundreds of comparisons take seconds. Non-inferior: the 95% interval's lower end lies above minus the margin."
)
MULTIPLICITY: Final = (
    "Non-inferiority is asked of the macro AUROC, of every label and of every subgroup, and all must hold: an intersection-union "
    "test (Berger 1982), in which a model that is worse than some margin passes with a probability of at most 2.5% without any "
    "correction. Labels within subgroups are too many and too small for that; there a fall beyond the margin must be shown, at "
    "2.5% over all of them together (Holm 1979). Fixed minima, gaps between subgroups and probes refuse on what their whole 95% "
    "interval shows, one by one; the macro AUROC must reach its minimum with its whole interval."
)


def same_films(champion: Scores, challenger: Scores) -> None:
    """Whether two tables are of the same films, labels and truths.

    Raises:
        OverreadError: they are not; the message names the first difference.
    """
    for what, same in (
        ("labels", champion.labels == challenger.labels),
        ("test sets", (champion.manifest_sha256, champion.split) == (challenger.manifest_sha256, challenger.split)),
        ("films", np.array_equal(champion.images, challenger.images)),
        ("truths", np.array_equal(champion.targets, challenger.targets, equal_nan=True)),
    ):
        if not same:
            raise OverreadError(
                f"the two models were scored on different {what}; models are compared on one test set: score both with one --data"
            )


def estimates(scores: Scores, rows: NDArray[np.bool_], enough: int) -> dict[str, Estimate]:
    """AUROC of each label on some films (N,), where ``enough`` patients (lesions) have films with it, and as many without."""
    patients = int(scores.groups.max()) + 1
    found = {}
    for index, label in enumerate(scores.labels):
        truth = scores.targets[rows, index]
        known = ~np.isnan(truth)
        positive = truth[known] == 1
        groups = scores.groups[rows][known]
        if fewest_groups(groups, positive) >= enough:
            found[label] = auroc(scores.probabilities[rows, index][known], positive, groups, patients)
    return found


def differences(champion: Scores, challenger: Scores, rows: NDArray[np.bool_], enough: int) -> dict[str, Estimate]:
    """Challenger minus champion by label, on some films."""
    before, after = estimates(champion, rows, enough), estimates(challenger, rows, enough)
    return {label: after[label] - before[label] for label in after}


def subsets(scores: Scores) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Attribute, value and rows (N,) of every subgroup; of an attribute with one value there is none."""
    for attribute, values in scores.attributes.items():
        kinds = sorted(set(values))
        for value in kinds if len(kinds) > 1 else ():
            yield attribute, str(value), values == value


def non_inferiority(champion: Scores, challenger: Scores, policy: Policy) -> Iterator[Check]:
    """Every comparison of the two models."""
    everyone = np.ones(len(challenger), bool)
    by_label = differences(champion, challenger, everyone, policy.enough)
    overall, macro = "macro AUROC against the champion", list(by_label.values())
    if macro:
        yield _no_worse(overall, "all labels", macro, policy.margin_macro, everyone)
    else:  # what was not shown does not hold
        yield Check(
            rule=overall, scope="all labels", outcome="refused", limit=-policy.margin_macro, films=len(challenger),
            reason=f"no label has films of both kinds from {policy.enough} patients each, so nothing shows it no worse than the "
            "champion; add test films",
        )  # fmt: skip
    for label in challenger.labels:
        mine = [by_label[label]] if label in by_label else []
        yield _no_worse("AUROC against the champion", label, mine, policy.margin_label, everyone)
    cells: list[tuple[str, Estimate, int]] = []
    for attribute, value, rows in subsets(challenger):
        scope, within = f"{attribute} {value}", differences(champion, challenger, rows, policy.enough)
        rule = "subgroup's macro AUROC against the champion"
        yield _no_worse(rule, scope, list(within.values()), policy.margin_subgroup, rows)
        cells += [(f"{label} in {scope}", one, int(rows.sum())) for label, one in within.items()]
    yield from _shown_falls(cells, policy.margin_cell)


def _no_worse(rule: str, scope: str, found: Sequence[Estimate], margin: float, rows: NDArray[np.bool_]) -> Check:
    films = int(rows.sum())
    if not found:
        reason = f"{scope}: too few films of both kinds from different patients to compare"
        return Check(rule=rule, scope=scope, outcome="not judged", limit=-margin, films=films, reason=reason)
    change = mean_of(found).interval
    holds = change.low > -margin
    says = "no worse than the champion" if holds else "not shown to be no worse than the champion"
    reason = f"{scope}: {says}: AUROC {change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f}), margin {-margin:+.3f}"
    outcome = "passed" if holds else "refused"
    return Check(rule=rule, scope=scope, outcome=outcome, limit=-margin, films=films, reason=reason, **change.model_dump())


def _shown_falls(cells: Sequence[tuple[str, Estimate, int]], margin: float) -> Iterator[Check]:
    """Holm's step-down: the smallest p-value first, against the error over as many tests as are left; a first failure ends it."""
    shown = True
    for tried, (scope, found, films) in enumerate(sorted(cells, key=lambda cell: cell[1].p_below(-margin))):
        shown = shown and found.p_below(-margin) <= ERROR / (len(cells) - tried)
        change = found.interval
        says = "falls beyond the margin" if shown else "no fall beyond the margin is shown"
        yield Check(
            rule="label within a subgroup against the champion",
            scope=scope,
            outcome="refused" if shown else "passed",
            limit=-margin,
            films=films,
            reason=f"{scope}: {says}: AUROC {change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f}), margin {-margin:+.3f}",
            **change.model_dump(),
        )
