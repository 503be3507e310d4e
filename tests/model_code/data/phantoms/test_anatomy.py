"""The drawn chest has a chest's parts where a chest has them."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.data.phantoms.anatomy import LEFT, RIGHT, Anatomy, Film


@pytest.fixture(params=[("PA", 0), ("AP", 1), ("PA", 2)], ids=str)
def film(request: pytest.FixtureRequest) -> Film:
    view, seed = request.param
    rng = np.random.default_rng(seed)
    drawn = Film(Anatomy.sample(rng, sex="F", age=40), rng, side=128, view=view)
    drawn.inflate()
    drawn.draw_bones()
    return drawn


def test_lungs_are_dark_and_apart(film: Film) -> None:
    picture = film.render()
    right, left = film.lung(RIGHT) & film.lungs, film.lung(LEFT) & film.lungs
    assert right.any() and left.any() and not (right & left).any()
    assert picture[film.lungs].mean() < picture[film.heart()].mean() - 20


def test_the_right_lung_lies_on_the_left_of_the_film(film: Film) -> None:
    assert film.x[film.lung(RIGHT)].mean() < film.anatomy.midline < film.x[film.lung(LEFT)].mean()


def test_the_heart_lies_more_to_the_patients_left(film: Film) -> None:
    assert film.x[film.heart()].mean() > film.anatomy.midline


def test_the_right_diaphragm_stands_higher(film: Film) -> None:
    assert film.diaphragm[RIGHT] < film.diaphragm[LEFT]


def test_lungs_lie_inside_the_body(film: Film) -> None:
    assert not (film.lungs & ~film.body()).any()


def test_the_heart_is_magnified_on_an_ap_film() -> None:
    """The detector lies behind the patient there."""
    widths = {}
    for view in ("PA", "AP"):
        rng = np.random.default_rng(0)
        film = Film(Anatomy.sample(rng, sex="M", age=40), rng, side=128, view=view)
        widths[view] = int(film.heart().any(axis=0).sum())
    assert widths["AP"] > widths["PA"]
