"""``overread compare A B``: two models on the same test films, side by side, for people. A verdict is the gate's."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model_code.archive import unpacked
from model_code.bundle import open_bundle
from model_code.bundle_info import Interval, LabelFigures, Record
from model_code.errors import UsageError
from model_code.files import atomic_file
from model_code.gate import scores_of
from model_code.judging.against import differences, estimates, same_films
from model_code.judging.curves import pictures
from model_code.judging.delong import Estimate, mean_of
from model_code.judging.scores import FILE_NAME, Scores, read_scores

FEW = 2
"""Patients (lesions) with films of each kind that a label needs to be compared."""


class Pair(Record):
    """One figure of two models on the same films, and the other's minus the one's."""

    one: Interval
    other: Interval
    difference: Interval


class Comparison(Record):
    """Two models on one test set."""

    one: str
    other: str
    films: int
    groups: int
    macro: Pair
    auroc: dict[str, Pair]


def compare(one: Path, other: Path, *, data: Path | None = None, plot: Path | None = None) -> Comparison:
    """Compares two models, each a bundle or a folder that ``evaluate --report`` wrote.

    Args:
        one: usually the model in use.
        other: usually the new one.
        data: the manifest; needed where a bundle has to be scored.
        plot: an SVG for both models' ROC curves.

    Raises:
        UsageError: a bundle was given without data, or no label has films of both kinds from ``FEW`` patients each.
        OverreadError: the two were scored on different films.
    """
    first, second = _scores(one, data), _scores(other, data)
    same_films(first, second)
    everyone = np.ones(len(first), bool)
    before, after = (estimates(scores, everyone, FEW) for scores in (first, second))
    changes = differences(first, second, everyone, FEW)
    if not before:
        raise UsageError(
            f"no label has films both with and without it from {FEW} patients each in the test split; compare on more films"
        )
    if plot is not None:
        with atomic_file(plot) as temporary:
            temporary.write_text(_plot(first, second, after), encoding="utf-8")
    return Comparison(
        one=first.model,
        other=second.model,
        films=len(first),
        groups=len(np.unique(first.groups)),
        macro=_pair(*(mean_of(list(found.values())) for found in (before, after, changes))),
        auroc={label: _pair(before[label], after[label], changes[label]) for label in before},
    )


def _scores(location: Path, data: Path | None) -> Scores:
    if (location / FILE_NAME).is_file():
        return read_scores(location)
    if data is None:
        raise UsageError(
            f"'{location}' holds no {FILE_NAME}; give --data to score it, or a folder that 'evaluate --report' wrote"
        )
    with tempfile.TemporaryDirectory() as temporary, unpacked(location, Path(temporary)) as (folder, _):
        return scores_of(open_bundle(folder, needs=("graph", "calibration", "film_gate")), data, None)


def _pair(one: Estimate, other: Estimate, change: Estimate) -> Pair:
    return Pair(one=one.share, other=other.share, difference=change.interval)


def _plot(first: Scores, second: Scores, after: dict[str, Estimate]) -> str:
    """ROC curves of both; the titles' areas are the other's."""
    none = LabelFigures(positives=0, negatives=0)
    titles = {label: none.model_copy(update={"auroc": after[label].share if label in after else None}) for label in first.labels}
    models: Sequence[Scores] = (second, first)
    return pictures(models, titles)[0]
