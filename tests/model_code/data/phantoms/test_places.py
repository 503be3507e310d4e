"""A sign's place survives its coarse record: the pointing test rests on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from model_code.data.phantoms.places import FILE_NAME, GRID, place_row, read_places
from model_code.predictor import PEAK_GRID


def test_the_pointing_test_and_the_record_share_their_grid() -> None:
    assert PEAK_GRID == GRID


def test_a_place_survives_writing_and_reading(tmp_path: Path) -> None:
    mask = np.zeros((256, 256), np.bool_)
    mask[40:48, 100:130] = True
    row = place_row("films/a.png", "Mass", mask)
    pd.DataFrame([row]).to_parquet(tmp_path / FILE_NAME)
    ((image, label), grid) = next(iter(read_places(tmp_path).items()))
    assert (image, label) == ("films/a.png", "Mass")
    expected = np.zeros((GRID, GRID), np.bool_)
    expected[10:12, 25:33] = True
    np.testing.assert_array_equal(grid, expected)
    assert (row["x0"], row["y0"], row["x1"], row["y1"]) == (25 / 64, 10 / 64, 33 / 64, 12 / 64)


def test_a_single_pixel_still_has_a_place() -> None:
    mask = np.zeros((256, 256), np.bool_)
    mask[255, 255] = True
    row = place_row("a", "Nodule", mask)
    assert (row["x1"], row["y1"]) == (1, 1)


def test_real_films_have_no_places(tmp_path: Path) -> None:
    assert read_places(tmp_path) == {}
