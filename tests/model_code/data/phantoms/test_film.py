"""A phantom film depends on its seed alone, and its labels are what can be seen on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model_code.data.phantoms.film import SIDE, draw_film
from model_code.data.phantoms.population import Row
from model_code.tasks import CHEST14

ROW = Row(patient=3, number=0, labels=frozenset({"Mass", "Effusion"}), sex="F", age=61, view="PA")


def test_the_same_seed_draws_the_same_film() -> None:
    one, again = draw_film(ROW, 5), draw_film(ROW, 5)
    np.testing.assert_array_equal(one.pixels, again.pixels)
    assert all((one.places[label] == again.places[label]).all() for label in ROW.labels)


def test_seed_patient_and_number_all_change_the_film() -> None:
    film = draw_film(ROW, 5).pixels
    for other in (draw_film(ROW, 6), draw_film(replace(ROW, patient=4), 5), draw_film(replace(ROW, number=1), 5)):
        assert (other.pixels != film).mean() > 0.5


def test_a_film_is_a_grey_picture_with_contrast() -> None:
    pixels = draw_film(ROW, 5).pixels
    assert pixels.shape == (SIDE, SIDE) and pixels.dtype == np.uint8
    assert int(np.percentile(pixels, 99)) - int(np.percentile(pixels, 1)) > 80


def test_all_findings_at_once_can_be_drawn() -> None:
    everything = draw_film(replace(ROW, labels=frozenset(CHEST14.labels)), 1)
    assert set(everything.places) <= set(CHEST14.labels)
    assert all(mask.shape == (SIDE, SIDE) and mask.any() for mask in everything.places.values())


def test_a_healthy_film_has_no_places() -> None:
    assert draw_film(replace(ROW, labels=frozenset()), 1).places == {}
