"""Who is drawn follows the true NIH table, but for the enrichment that is stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from model_code.data.phantoms.population import FILMS_PER_PATIENT, MINIMUM_PREVALENCE, Population, Row, nih_table
from model_code.tasks import CHEST14

LABELS = CHEST14.labels


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.from_nih(LABELS)


@pytest.fixture(scope="module")
def rows(population: Population) -> list[Row]:
    return list(population.draw(6000, 1))


def together(present: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How often two findings meet, compared to meeting by chance: the log of their odds ratio, smoothed."""
    joint = np.zeros((len(LABELS), len(LABELS)))
    for i in range(len(LABELS)):
        for j in range(len(LABELS)):
            a, b = present[:, i], present[:, j]
            n11, n10, n01, n00 = ((a & b).sum(), (a & ~b).sum(), (~a & b).sum(), (~a & ~b).sum())
            joint[i, j] = np.log((n11 + 5) * (n00 + 5) / ((n10 + 5) * (n01 + 5)))
    return joint


def test_every_finding_is_common_enough_to_score(rows: list[Row]) -> None:
    for label in LABELS:
        share = np.mean([label in row.labels for row in rows])
        assert share > 0.8 * MINIMUM_PREVALENCE, label


def test_findings_that_meet_in_the_nih_table_meet_in_the_draw(rows: list[Row]) -> None:
    drawn = np.array([[label in row.labels for label in LABELS] for row in rows])
    findings = pd.read_csv(nih_table())["Finding Labels"]
    true = np.stack([findings.str.contains(label, regex=False) for label in LABELS], axis=1)
    pairs = np.triu_indices(len(LABELS), 1)
    correlation = np.corrcoef(together(drawn)[pairs], together(true)[pairs])[0, 1]
    assert correlation > 0.6
    # the strongest bond of the true table: fluid and its neighbours
    effusion, atelectasis, hernia = LABELS.index("Effusion"), LABELS.index("Atelectasis"), LABELS.index("Hernia")
    assert together(drawn)[effusion, atelectasis] > together(drawn)[effusion, hernia]


def test_only_rare_findings_are_enriched_and_the_factors_are_stated(population: Population) -> None:
    assert set(population.enrichment) == set(LABELS)
    assert all(factor >= 1 for factor in population.enrichment.values())
    assert population.enrichment["Infiltration"] == 1  # the most common one
    assert max(population.enrichment, key=lambda label: population.enrichment[label]) == "Hernia"  # the rarest


def test_the_same_seed_draws_the_same_patients(population: Population) -> None:
    assert list(population.draw(50, 3)) == list(population.draw(50, 3))
    assert list(population.draw(50, 3)) != list(population.draw(50, 4))


def test_a_patients_films_are_of_one_person(rows: list[Row]) -> None:
    by_patient: dict[int, list[Row]] = {}
    for row in rows:
        by_patient.setdefault(row.patient, []).append(row)
    assert sorted(by_patient) == list(range(6000))
    for films in by_patient.values():
        assert [film.number for film in films] == list(range(len(films)))
        assert len(films) <= FILMS_PER_PATIENT
        assert len({film.sex for film in films}) == 1
    assert any(len(films) == FILMS_PER_PATIENT for films in by_patient.values())


def test_attributes_hold_what_the_manifest_promises(rows: list[Row]) -> None:
    assert {row.sex for row in rows} == {"F", "M"}
    assert {row.view for row in rows} == {"AP", "PA"}
    assert all(row.labels <= set(LABELS) for row in rows)
