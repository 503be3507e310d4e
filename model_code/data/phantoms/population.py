"""Who is drawn: patients whose films, findings, sex, age and view follow the true NIH ChestX-ray14 table.

The table comes with the package ``torchxrayvision`` (112,120 films of 30,805 patients). A phantom patient is a run of
consecutive films of one patient there, so findings keep their true co-occurrence and stay correlated over a patient's films.
Runs that begin with a rare finding are drawn more often, by a factor per finding that ``Population.enrichment`` states.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_code.errors import OverreadError

MINIMUM_PREVALENCE: Final = 0.07
"""Each finding is enriched until it is expected on at least this share of the films."""

FILMS_PER_PATIENT: Final = 3
"""At most; patients with fewer in the table keep theirs."""


@dataclass(frozen=True)
class Row:
    """One film to draw."""

    patient: int
    number: int
    labels: frozenset[str]
    sex: str
    age: int
    view: str


@dataclass(frozen=True)
class Population:
    """The NIH table, where each film's run of films ends, and how likely each run is to be drawn."""

    table: pd.DataFrame
    labels: tuple[str, ...]
    ends: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    enrichment: dict[str, float]

    @classmethod
    def from_nih(cls, labels: tuple[str, ...]) -> Population:
        """Reads the table from the installed package, without importing it, and finds the enrichment factors.

        A run's weight is the largest factor among its first film's findings; the factors are raised step by step until each
        finding's expected share of films reaches ``MINIMUM_PREVALENCE``.
        """
        table = pd.read_csv(nih_table())
        present = np.stack([table["Finding Labels"].str.contains(label, regex=False) for label in labels], axis=1).astype(float)
        starts = np.arange(len(table))
        patient_ends = np.searchsorted(table["Patient ID"], table["Patient ID"], side="right")
        ends = np.minimum(starts + FILMS_PER_PATIENT, patient_ends)
        films = ends - starts
        totals = np.vstack([np.zeros(len(labels)), present.cumsum(axis=0)])
        findings = totals[ends] - totals[starts]
        factors = np.ones(len(labels))
        for _ in range(100):
            weights = np.maximum(1.0, (present * factors).max(axis=1))
            prevalence = weights @ findings / (weights @ films)
            factors = np.maximum(1.0, factors * np.sqrt(MINIMUM_PREVALENCE / prevalence))
        enrichment = {label: round(float(factor), 2) for label, factor in zip(labels, factors, strict=True)}
        return cls(table, labels, ends, weights / weights.sum(), enrichment)

    def draw(self, patients: int, seed: int) -> Iterator[Row]:
        """The films of that many patients, patient by patient; the same seed draws the same films."""
        rng = np.random.default_rng(seed)
        for patient, start in enumerate(rng.choice(len(self.table), size=patients, p=self.probabilities)):
            for number, (_, row) in enumerate(self.table.iloc[start : self.ends[start]].iterrows()):
                findings = frozenset(row["Finding Labels"].split("|")) & set(self.labels)
                yield Row(patient, number, findings, row["Patient Gender"], int(row["Patient Age"]), row["View Position"])


def nih_table() -> Path:
    """Where the installed package keeps the NIH table (``Data_Entry_2017_v2020.csv.gz``).

    Raises:
        OverreadError: the package is not installed.
    """
    package = importlib.util.find_spec("torchxrayvision")
    if package is None or not package.submodule_search_locations:
        raise OverreadError(
            "the package 'torchxrayvision', which holds the NIH table, is not installed; run: pip install 'overread[train]'"
        )
    return Path(package.submodule_search_locations[0]) / "data" / "Data_Entry_2017_v2020.csv.gz"
