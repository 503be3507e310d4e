"""Champion against challenger on the same films: is the challenger surely no worse than a margin allows?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.errors import OverreadError
from model_code.judging.delong import Estimate, auroc, mean_by_patient, mean_of
from model_code.judging.policy import Check, Policy
from model_code.judging.resample import groups_of_each
from model_code.judging.scores import Scores

ERROR: Final = 0.025
"""One-sided error of each test: what lies outside a 95% interval on one side."""

METHOD: Final = (
    "Differences of AUROC (challenger minus champion) are paired on the same films, with DeLong's variance (Sun & Xu 2014) "
    "summed by patient or lesion (Obuchowski 1997). It is too small with few patients and near an AUROC of 1, so each difference "
    "is widened by two pseudo-patients of each kind, on whom one model is right and the other at chance (after Agresti & Min "
    "2005). Chosen over a paired bootstrap because the same inputs always give the same verdict, and hundreds of comparisons "
    "take seconds. Non-inferior: the 95% interval's lower end lies above minus the margin."
)
MULTIPLICITY: Final = (
    "Non-inferiority is asked of the macro AUROC, and of every label and subgroup with enough patients to show it. All must "
    "hold, an intersection-union test (Berger 1982), which needs no correction. In simulations a model that was worse by one of "
    "these margins passed in at most some 2.5% of draws where scores were normally distributed, and in up to 7% where it failed "
    "wholly on a few films and was like the champion on all others. Where patients are so few that even the same model twice "
    "would not be shown to be within the margin, and of labels within subgroups, a fall beyond the margin must be shown "
    "instead, at 2.5% over all of these together (Holm 1979); there a worse model may pass. The other rules are asked one by "
    "one. The macro AUROC must reach its minimum with its whole 95% interval. The loss with the corners is judged by its value, "
    "since its interval is not paired. All others refuse only where their whole interval lies beyond the limit."
)


@dataclass(frozen=True)
class Asked:
    """One comparison of the two models."""

    rule: str
    scope: str
    change: Estimate
    margin: float
    films: int

    def check(self, says: str, *, holds: bool) -> Check:
        """Its answer."""
        found = self.change.interval
        return Check(
            rule=self.rule,
            scope=self.scope,
            outcome="passed" if holds else "refused",
            limit=-self.margin,
            films=self.films,
            reason=f"{self.scope}: {says} {found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f}), margin {-self.margin:+.3f}",
            **found.model_dump(),
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


def _measurable(scores: Scores, rows: NDArray[np.bool_], enough: int) -> Iterator[tuple[int, NDArray[np.bool_], tuple[int, int]]]:
    """Columns of the labels that ``enough`` patients have, and lack; their known films (N,), and the patients of each kind."""
    for index in range(len(scores.labels)):
        films = rows & ~np.isnan(scores.targets[:, index])
        patients = groups_of_each(scores.groups[films], scores.targets[films, index] == 1)
        if min(patients) >= enough:
            yield index, films, patients


def _auroc(scores: Scores, index: int, films: NDArray[np.bool_]) -> Estimate:
    positive = scores.targets[films, index] == 1
    return auroc(scores.probabilities[films, index], positive, scores.groups[films], int(scores.groups.max()) + 1)


def estimates(scores: Scores, rows: NDArray[np.bool_], enough: int) -> dict[str, Estimate]:
    """AUROC of each label on some films (N,), where ``enough`` patients (lesions) have films with it, and as many without."""
    return {scores.labels[index]: _auroc(scores, index, films) for index, films, _ in _measurable(scores, rows, enough)}


def differences(champion: Scores, challenger: Scores, rows: NDArray[np.bool_], enough: int) -> dict[str, Estimate]:
    """Challenger minus champion by label, on some films."""
    return {
        challenger.labels[index]: (_auroc(challenger, index, films) - _auroc(champion, index, films)).widened(*patients)
        for index, films, patients in _measurable(challenger, rows, enough)
    }


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
    yield _macro(list(by_label.values()), len(challenger), policy)
    asked = [
        (
            "AUROC against the champion",
            label,
            [by_label[label]] if label in by_label else [],
            policy.margin_label,
            len(challenger),
        )
        for label in challenger.labels
    ]
    cells = []
    for attribute, value, rows in subsets(challenger):
        scope, films, within = f"{attribute} {value}", int(rows.sum()), differences(champion, challenger, rows, policy.enough)
        rule = "subgroup's macro AUROC against the champion"
        asked.append((rule, scope, list(within.values()), policy.margin_subgroup, films))
        rule = "label within a subgroup against the champion"
        cells += [Asked(rule, f"{label} in {scope}", one, policy.margin_cell, films) for label, one in within.items()]
    falls = []
    for rule, scope, found, margin, films in asked:
        if not found:
            reason = f"{scope}: too few films of both kinds from different patients to compare"
            yield Check(rule=rule, scope=scope, outcome="not judged", limit=-margin, films=films, reason=reason)
        elif (change := mean_of(found)).can_show(margin):
            yield _no_worse(Asked(rule, scope, change, margin, films))
        else:
            falls.append(Asked(f"fall of {rule}", scope, change, margin, films))
    yield from _shown_falls(falls + cells)


def _macro(found: list[Estimate], films: int, policy: Policy) -> Check:
    """The macro AUROC's comparison: what was not shown does not hold."""
    rule, scope, margin = "macro AUROC against the champion", "all labels", policy.margin_macro
    if not found:
        reason = (
            f"no label has films of both kinds from {policy.enough} patients each, so nothing shows it no worse than the "
            "champion; add test films"
        )
        return Check(rule=rule, scope=scope, outcome="refused", limit=-margin, films=films, reason=reason)
    change = mean_of(found)
    few = "" if change.can_show(margin) else " (on so few patients not even the same model twice would be; add test films)"
    return _no_worse(Asked(rule, scope, change, margin, films), few)


def answered(champion: Scores, challenger: Scores, policy: Policy) -> Check:
    """Whether the challenger's film gate lets surely fewer films pass than the champion's."""
    rule, margin, films = "share of films answered against the champion", policy.margin_answered, len(challenger)
    patients = int(challenger.groups.max()) + 1
    if patients < policy.enough:
        reason = f"all films: from {patients} patients, too few to compare; {policy.enough} are needed"
        return Check(rule=rule, scope="all films", outcome="not judged", limit=-margin, films=films, reason=reason)
    change = mean_by_patient(challenger.assessed.astype(float) - champion.assessed, challenger.groups)
    holds = change.interval.high >= -margin
    says = "not surely fewer answered than by the champion" if holds else "surely fewer answered than by the champion"
    return Asked(rule, "all films", change, margin, films).check(f"{says}: share", holds=holds)


def _no_worse(asked: Asked, few: str = "") -> Check:
    holds = asked.change.interval.low > -asked.margin
    says = "no worse than the champion" if holds else f"not shown to be no worse than the champion{few}"
    return asked.check(f"{says}: AUROC", holds=holds)


def _shown_falls(asked: list[Asked]) -> Iterator[Check]:
    """Holm's step-down: the smallest p-value first, against the error over as many tests as are left; a first failure ends it."""
    shown, ranked = True, sorted((one.change.p_below(-one.margin), place) for place, one in enumerate(asked))
    for tried, (p, place) in enumerate(ranked):
        shown = shown and p <= ERROR / (len(asked) - tried)
        says = "falls beyond the margin" if shown else "no fall beyond the margin is shown"
        yield asked[place].check(f"{says}: AUROC", holds=not shown)
