"""A drawn lateral chest is a film in range that the generator decides, and is not symmetric."""

from __future__ import annotations

import numpy as np

from model_code.data.phantoms.lateral import SIDE, draw_lateral


def test_it_is_a_film_in_range_that_the_generator_decides() -> None:
    film, same, other = (draw_lateral(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert film.shape == (SIDE, SIDE)
    assert film.dtype == np.float32
    assert 0 <= film.min() < film.max() <= 1
    assert np.array_equal(film, same)
    assert not np.array_equal(film, other)


def test_the_lung_is_darker_than_the_abdomen_and_the_heart_lies_in_front() -> None:
    film = np.mean([draw_lateral(np.random.default_rng(seed)) for seed in range(20)], axis=0)
    part = SIDE // 8
    lung, abdomen = film[3 * part : 4 * part, 4 * part : 5 * part], film[7 * part :, 3 * part : 5 * part]
    front, back = film[4 * part : 5 * part, 2 * part : 3 * part], film[4 * part : 5 * part, 5 * part : 6 * part]
    assert lung.mean() < abdomen.mean()
    assert front.mean() > back.mean()
