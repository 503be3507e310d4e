"""Fitting gives the same gate twice, with limits that the films themselves keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_code.data.films import read_film
from model_code.data.manifest import read_manifest
from model_code.film_gate.fit import fit_gate
from model_code.film_gate.gate import FilmGate
from model_code.film_gate.picture import look, reduced
from model_code.film_gate.variants import REFERENCES, VIEWS
from model_code.tasks import CHEST14


@pytest.fixture(scope="module")
def films(data: Path) -> list[np.ndarray]:
    return [reduced(read_film(path).pixels) for path in read_manifest(data, CHEST14).split("val").paths]


@pytest.fixture(scope="module")
def gate(films: list[np.ndarray]) -> FilmGate:
    return fit_gate(films, embeddings(len(films)), side=32)


def embeddings(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 16)).astype(np.float32)


def test_it_is_deterministic(films: list[np.ndarray], gate: FilmGate, tmp_path: Path) -> None:
    again = fit_gate(films, embeddings(len(films)), side=32)
    assert again.limits == gate.limits
    assert np.array_equal(again.view_weights, gate.view_weights)


def test_shapes_follow_the_tables_of_references_and_views(gate: FilmGate) -> None:
    assert gate.references.shape[0] == len(REFERENCES)
    assert gate.view_weights.shape == (len(VIEWS), len(REFERENCES))
    assert gate.view_offsets.shape == (len(VIEWS),)
    assert {array.dtype for array in (gate.references, gate.view_weights, *gate.layouts, *gate.embeddings)} == {
        np.dtype(np.float32)
    }


def test_the_films_that_it_was_fitted_on_pass(films: list[np.ndarray], gate: FilmGate) -> None:
    complaints = [gate.complaint(film) for film in films]
    assert sum(complaint is not None for complaint in complaints) <= 0.05 * len(films)


def test_each_reference_is_seen_as_what_it_is_of(gate: FilmGate) -> None:
    blank = look(np.zeros((32, 32), np.float32))
    for (name, view), reference in zip(REFERENCES.items(), gate.references, strict=True):
        if name.endswith("third"):  # of so few films the mean without a third may pass
            continue
        seen, agreement = gate.view(blank._replace(layout=reference))
        assert seen == view
        assert agreement == pytest.approx(1, abs=1e-4)
