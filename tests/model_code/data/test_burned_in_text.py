from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model_code.data.burned_in_text import Region, find_text
from model_code.data.images import decode
from tests.burned_in import Corner, Font, burn
from tests.films import real_film

FONTS: tuple[Font, ...] = ("smooth", "bitmap")
NAME = "QUAGGA ZEBRA 1970-03-05"


@cache
def real(name: str) -> NDArray[np.float32]:
    return decode(real_film(f"{name}_UNCR.dcm")).pixels


@pytest.fixture(scope="module")
def phantoms(data: Path) -> list[NDArray[np.float32]]:
    """Some phantoms at the size of a small film, with a detector's noise."""
    noise = np.random.default_rng(0).normal(0, 0.01, (1024, 1024))
    films = []
    for path in sorted((data / "films").iterdir())[::9]:
        picture = Image.open(path).convert("L").resize((1024, 1024), Image.Resampling.BICUBIC)
        films.append(np.asarray(np.clip(np.asarray(picture) / 255 + noise, 0, 1), np.float32))
    return films


@pytest.mark.parametrize("font", ["smooth", "bitmap"])
@pytest.mark.parametrize("height", [0.01, 0.03])
@pytest.mark.parametrize(("film", "value"), [("RG1", 0.0), ("RG3", 0.0)])
@pytest.mark.parametrize("corner", ["top right", "bottom left"])
def test_a_name_on_a_real_film_is_found(film: str, value: float, height: float, font: Font, corner: Corner) -> None:
    clean = real(film)
    burned = burn(clean, NAME, height=round(height * clean.shape[0]), value=value, corner=corner, font=font)
    if burned.text.mean() < 1e-4:
        pytest.skip("most of it is as dark, or as light, as the film below it")

    assert burned.share_within(find_text(burned.film)) >= 0.95


def test_names_on_phantoms_are_found_in_all_sizes_and_contrasts(phantoms: list[NDArray[np.float32]]) -> None:
    found = [
        burned.share_within(find_text(burned.film)) >= 0.95
        for film in phantoms[::5]
        for height in (10, 20, 36)
        for value in (0.0, 0.7, 1.0)
        for font in FONTS
        for burned in [burn(film, NAME, height=height, value=value, font=font)]
        if burned.text.sum() > 400
    ]

    assert len(found) > 30
    assert np.mean(found) >= 0.9


def test_films_without_text_are_left_alone(phantoms: list[NDArray[np.float32]]) -> None:
    assert not [find_text(film) for film in (real("RG1"), real("RG3"), *phantoms) if find_text(film)]


@pytest.mark.parametrize("marker", ["L", "R", "AP"])
def test_lead_markers_are_left_alone(phantoms: list[NDArray[np.float32]], marker: str) -> None:
    films = (real("RG1"), real("RG3"), *phantoms[::4])
    marked = [burn(film, marker, height=round(0.03 * film.shape[0]), value=1.0, corner="top right").film for film in films]

    assert not [film for film in marked if find_text(film)]


def test_text_away_from_the_borders_is_not_looked_for() -> None:
    film = np.full((600, 600), 0.4, np.float32)
    middle = burn(film[200:400, 100:500], NAME, height=14, value=1.0)
    film[200:400, 100:500] = middle.film

    assert not [region for region in find_text(film) if 160 < region.y < 420 and region.x > 160]


@pytest.mark.parametrize("shape", [(32, 32), (33, 500), (700, 40)])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_an_even_film_of_any_shape_holds_no_text(shape: tuple[int, int], value: float) -> None:
    assert find_text(np.full(shape, value, np.float32)) == ()


def test_noise_is_no_text() -> None:
    noise = np.random.default_rng(1).random((400, 400), np.float32)

    assert sum(region.width * region.height for region in find_text(noise)) < 0.05 * noise.size


def test_a_large_film_is_looked_at_reduced_and_answered_in_its_own_pixels() -> None:
    burned = burn(np.full((3000, 5400), 0.3, np.float32), NAME, height=60, value=1.0, corner="bottom right")
    regions = find_text(burned.film)

    assert burned.share_within(regions) == 1.0
    assert all(region.x + region.width <= 5400 and region.y + region.height <= 3000 for region in regions)


def test_colour_films_are_looked_at_too() -> None:
    burned = burn(np.full((400, 400, 3), 0.3, np.float32), NAME, height=12, value=1.0)

    assert burned.share_within(find_text(burned.film)) >= 0.95


def test_two_lines_are_told_from_top_to_bottom() -> None:
    one = burn(np.full((500, 500), 0.3, np.float32), "ZEBRA QUAGGA", height=12, value=1.0, corner="bottom left")
    both = burn(one.film, "OKAPI", height=12, value=1.0, corner="top right")
    first, second = find_text(both.film)

    assert isinstance(first, Region)
    assert first.y < second.y
