"""Distances of known vectors are about one, those of others are larger."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.film_gate.known import Known, held_out_distances


def vectors(count: int) -> np.ndarray:
    return (np.random.default_rng(0).normal(size=(count, 40)) * np.linspace(0.1, 3, 40)).astype(np.float32)


def test_distances_of_known_vectors_are_about_one() -> None:
    known = Known.fit(vectors(300))
    assert np.mean([known.distance(vector) for vector in vectors(300)]) == pytest.approx(1, abs=0.15)
    assert known.distance(known.mean) < 0.1
    assert known.distance(vectors(1)[0] + 50) > 10


def test_held_out_distances_are_larger_than_fitted_ones_when_vectors_are_few() -> None:
    few = vectors(40)
    known = Known.fit(few)
    held_out = held_out_distances(few, np.arange(40))
    assert held_out.shape == (40,)
    assert held_out.mean() > np.mean([known.distance(vector) for vector in few])


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_handful_of_vectors_still_gives_finite_distances(count: int) -> None:
    assert np.isfinite(held_out_distances(vectors(count), np.arange(count))).all()
    assert np.isfinite(Known.fit(vectors(count)).distance(vectors(1)[0] * 2))


def test_copies_of_a_film_do_not_vouch_for_each_other() -> None:
    copies = np.repeat(vectors(10), 4, axis=0)
    together = held_out_distances(copies, np.repeat(np.arange(10), 4))
    apart = held_out_distances(copies, np.tile(np.arange(4), 10))
    assert together.min() > apart.max()


def test_everything_is_float32() -> None:
    assert {part.dtype for part in Known.fit(vectors(20).astype(np.float64))} == {np.dtype(np.float32)}
