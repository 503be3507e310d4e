"""The model's input keeps the film's aspect and order of greys; places in it lead back to the same place on the film."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.data.transforms import stretch, to_film_fractions, to_model_input, to_square

SHAPES = st.tuples(st.integers(32, 300), st.integers(32, 300))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(SHAPES, st.sampled_from([16, 32, 64]))
def test_a_white_film_is_padded_with_black_around_its_middle(shape: tuple[int, int], side: int) -> None:
    square = to_square(np.ones(shape, np.float32), side)
    assert square.shape == (side, side) and square.dtype == np.float32
    covered = side * side * min(shape) / max(shape)
    assert float(square.sum()) == pytest.approx(covered, rel=0.5 / (side * min(shape) / max(shape)) + 1e-3)
    rows, columns = np.nonzero(square > 0.5)
    assert abs((rows.min() + rows.max()) - (side - 1)) <= 1 and abs((columns.min() + columns.max()) - (side - 1)) <= 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(SHAPES, st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_a_spot_is_found_again_where_it_lies_on_the_film(shape: tuple[int, int], x: float, y: float) -> None:
    """The round trip: film to model input, its brightest place back to the film."""
    rows, columns = shape
    down, across = np.mgrid[0:rows, 0:columns]
    size = max(shape) / 12
    spot = np.exp(-(((across + 0.5 - x * columns) / size) ** 2) - ((down + 0.5 - y * rows) / size) ** 2).astype(np.float32)
    side = 64
    row, column = np.unravel_index(int(to_square(spot, side).argmax()), (side, side))
    found = to_film_fractions((float(column) + 0.5) / side, (float(row) + 0.5) / side, rows, columns)
    tolerance = 1.6 * max(shape) / side
    assert abs(found[0] - x) * columns <= tolerance and abs(found[1] - y) * rows <= tolerance


@given(st.floats(0, 1), st.floats(0, 1), SHAPES)
def test_places_on_the_padding_move_to_the_films_border(x: float, y: float, shape: tuple[int, int]) -> None:
    found = to_film_fractions(x, y, *shape)
    assert all(0 <= fraction <= 1 for fraction in found)


def test_colour_is_averaged() -> None:
    colour = np.zeros((64, 64, 3), np.float32)
    colour[..., 0] = 0.9
    np.testing.assert_allclose(to_square(colour, 32), 0.3, atol=1e-5)


def test_stretch_fills_the_range_whatever_the_exposure() -> None:
    film = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    np.testing.assert_allclose(stretch(0.3 + 0.2 * film), stretch(film), atol=1e-4)
    assert (float(stretch(film).min()), float(stretch(film).max())) == (0, 1)


def test_a_few_extreme_pixels_do_not_darken_the_film() -> None:
    """A metal marker, or a burnt corner."""
    film = np.random.default_rng(0).random((64, 64)).astype(np.float32) * 0.5
    marked = film.copy()
    marked[:2, :3] = 1
    assert float(np.abs(stretch(marked) - stretch(film)).mean()) < 0.01


def test_a_picture_without_contrast_becomes_zero() -> None:
    assert not to_model_input(np.full((64, 64), 0.7, np.float32), 32, 1).any()


def test_the_models_input_has_one_channel() -> None:
    film = to_model_input(np.random.default_rng(0).random((80, 64)).astype(np.float32), 32, 1)
    assert film.shape == (1, 32, 32) and film.dtype == np.uint8


def test_a_colour_model_sees_colours_as_they_are() -> None:
    """Without a stretch: how dark or red a lesion is is a sign."""
    pixels = np.random.default_rng(0).uniform(0.3, 0.5, (80, 64, 3)).astype(np.float32)
    picture = to_model_input(pixels, 32, 3)
    assert picture.shape == (3, 32, 32) and picture.dtype == np.uint8 and picture.flags.c_contiguous
    for channel in range(3):
        expected = to_square(np.ascontiguousarray(pixels[..., channel]), 32)
        np.testing.assert_allclose(picture[channel] / 255, expected, atol=0.5 / 255 + 1e-6)


def test_a_colour_model_sees_a_grey_picture_in_three_equal_channels() -> None:
    picture = to_model_input(np.random.default_rng(0).random((64, 64)).astype(np.float32), 32, 3)
    assert picture.shape == (3, 32, 32)
    assert (picture[0] == picture[1]).all() and (picture[1] == picture[2]).all()


def test_a_grey_model_sees_the_grey_of_a_colour_picture() -> None:
    pixels = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    np.testing.assert_array_equal(to_model_input(pixels, 32, 1), to_model_input(pixels.mean(axis=2), 32, 1))


def test_the_models_input_is_the_stretched_film_to_the_nearest_of_256_greys() -> None:
    pixels = np.random.default_rng(0).random((80, 64)).astype(np.float32)
    film = to_model_input(pixels, 32, 1)[0]
    assert (int(film.min()), int(film.max())) == (0, 255)
    np.testing.assert_allclose(film / 255, stretch(to_square(pixels, 32)), atol=0.5 / 255 + 1e-6)
