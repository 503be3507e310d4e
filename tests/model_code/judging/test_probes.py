"""Probes find a model that reads the corner or the rim, and leave alone one that looks where findings are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model_code.data.images import DecodedImage
from model_code.judging.probes import CENTRE, GREY, probed_rows, probes, without_centre, without_corners
from tests.model_code.judging.drawn import calibration

RNG = np.random.default_rng(0)


def image(pixels: NDArray[np.float32]) -> DecodedImage:
    return DecodedImage(pixels, "MONOCHROME2", "0" * 64)


@pytest.mark.parametrize("shape", [(100, 80), (80, 120), (90, 90, 3)])
def test_the_middle_goes_and_the_rim_stays(shape: tuple[int, ...]) -> None:
    before = image(RNG.random(shape, np.float32))
    after = without_centre(before)
    middle = after.pixels[shape[0] // 2, shape[1] // 2]
    assert (middle == GREY).all() and (after.pixels[0] == before.pixels[0]).all()
    assert (after.pixels[-1] == before.pixels[-1]).all() and (after.pixels != before.pixels).any()


def test_what_fills_the_middle_tells_nothing_of_what_it_hides() -> None:
    rim = RNG.random((100, 100), np.float32)
    films = []
    for filling in (0.1, 0.9):
        pixels = rim.copy()
        left, right, top, bottom = (round(100 * part) for part in CENTRE)
        pixels[top:bottom, left:right] = filling
        films.append(without_centre(image(pixels)).pixels)
    assert (films[0] == films[1]).all()


def test_a_marker_in_a_corner_goes_and_the_middle_stays() -> None:
    pixels = np.full((100, 100), 0.2, np.float32)
    pixels[3:8, 90:96] = 1.0
    before = image(pixels)
    after = without_corners(before)
    assert after.pixels.max() == np.float32(0.2) and before.pixels.max() == 1.0
    assert (after.pixels[50] == np.float32(0.2)).all() and (after.pixels[:16, :16] == 0).all() and after.pixels[16, 16] > 0


def test_a_model_that_reads_the_corner_is_found_out() -> None:
    """Its scores fall with the corners alone; those of one that reads the middle fall with the middle alone."""
    truth = RNG.integers(0, 2, 200)
    films = []
    for present in truth:
        pixels = RNG.normal(0.5, 0.02, (50, 50)).astype(np.float32)
        pixels[:4, :4] += 0.3 * present  # a marker that goes along with the finding
        pixels[20:30, 20:30] += 0.3 * present  # the finding
        films.append(image(pixels))

    def read(film: DecodedImage, place: slice) -> list[float]:
        return [float(film.pixels[place, place].max())]

    targets, groups = truth[:, None].astype(float), np.arange(200)
    for place, falls in ((slice(0, 4), "without_corners"), (slice(20, 30), "without_centre")):
        said = {
            "intact": np.array([read(film, place) for film in films]),
            "without_centre": np.array([read(without_centre(film), place) for film in films]),
            "without_corners": np.array([read(without_corners(film), place) for film in films]),
        }
        found = probes(targets, groups, said, calibration(("A",)))
        assert found is not None and found.intact.macro_auroc.value > 0.99
        for name in ("without_centre", "without_corners"):
            value = getattr(found, name).macro_auroc.value
            assert abs(value - 0.5) < 0.15 if name == falls else value > 0.99


def test_without_films_of_both_kinds_there_is_no_probe() -> None:
    nothing = np.zeros((4, 1))
    assert probes(nothing, np.arange(4), {"intact": nothing}, calibration(("A",))) is None


def test_films_are_probed_evenly_and_not_too_many() -> None:
    assert probed_rows(3).tolist() == [0, 1, 2]
    many = probed_rows(100_000)
    assert len(many) == 400 and many[0] == 0 and many[-1] == 99_999
