"""A sign's place survives its coarse record: the pointing test rests on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from model_code.data.phantoms.places import FILE_NAME, GRID, place_row, places_name, read_places
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


def test_the_places_of_several_machines_are_read_together(tmp_path: Path) -> None:
    mask = np.ones((256, 256), np.bool_)
    for part in ("algo-1", "algo-2"):
        pd.DataFrame([place_row(f"films/{part}.png", "Mass", mask)]).to_parquet(tmp_path / places_name(part))
    assert sorted(read_places(tmp_path)) == [("films/algo-1.png", "Mass"), ("films/algo-2.png", "Mass")]


def test_the_places_of_channels_have_the_names_that_their_manifests_give(tmp_path: Path) -> None:
    mask = np.ones((256, 256), np.bool_)
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        pd.DataFrame([place_row("films/a.png", "Mass", mask)]).to_parquet(tmp_path / split / FILE_NAME)
    assert sorted(read_places(tmp_path)) == [("test/films/a.png", "Mass"), ("train/films/a.png", "Mass")]


def test_a_single_pixel_still_has_a_place() -> None:
    mask = np.zeros((256, 256), np.bool_)
    mask[255, 255] = True
    row = place_row("a", "Nodule", mask)
    assert (row["x1"], row["y1"]) == (1, 1)


def test_real_films_have_no_places(tmp_path: Path) -> None:
    assert read_places(tmp_path) == {}
