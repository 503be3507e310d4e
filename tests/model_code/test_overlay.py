"""The picture shows the film twice, the evidence where the map peaks, and says when a film was not assessed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_code.data.images import decode
from model_code.graph import Scores
from model_code.overlay import HEIGHT, MARGIN, PANEL, WIDEST, overlay
from model_code.predict import write_overlay
from model_code.predictor import Predictor
from model_code.reading import Reading
from tests.films import png, real_film


def drawn(film: bytes, predictor: Predictor, maps: np.ndarray | None = None) -> tuple[Image.Image, Reading]:
    image = decode(film)
    scores = predictor.predict(image)
    if maps is not None:
        scores = Scores(scores.logits, maps, scores.embedding)
    reading = predictor.encode(image, scores)
    return overlay(image, scores, reading), reading


def test_the_picture_holds_two_films_and_a_panel(film: bytes, predictor: Predictor) -> None:
    picture, _ = drawn(film, predictor)
    assert picture.size == (2 * HEIGHT + PANEL + 4 * MARGIN, HEIGHT + 2 * MARGIN)
    left = np.asarray(picture.crop((MARGIN, MARGIN, MARGIN + HEIGHT, MARGIN + HEIGHT)).convert("L"), float)
    expected = np.asarray(Image.fromarray(np.uint8(decode(film).pixels * 255)).resize((HEIGHT, HEIGHT)), float)
    assert np.corrcoef(left.ravel(), expected.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("shape", [(300, 100), (64, 2000), (2000, 64)], ids=str)
def test_a_film_of_any_shape_fits(shape: tuple[int, int], predictor: Predictor) -> None:
    picture, reading = drawn(png(np.zeros(shape, np.uint8) + 9), predictor)
    assert reading.status == "not_assessed"
    assert picture.height == HEIGHT + 2 * MARGIN
    assert picture.width <= 2 * WIDEST + PANEL + 4 * MARGIN


@pytest.mark.parametrize(("row", "column"), [(0, 3), (2, 1)])
def test_heat_lies_where_the_map_peaks(row: int, column: int, film: bytes, predictor: Predictor) -> None:
    maps = np.zeros((1, 14, 4, 4), np.float32)
    maps[:, :, row, column] = 5
    picture, reading = drawn(film, predictor, maps)
    if all(finding.decision == "absent" for finding in reading.findings):
        pytest.skip("this model calls everything absent on this film, so that nothing is shown")
    size = HEIGHT // 4
    colours = np.asarray(picture, float)
    warm = (colours[..., 0] - colours[..., 2])[MARGIN : MARGIN + HEIGHT, 2 * MARGIN + HEIGHT : 2 * MARGIN + 2 * HEIGHT]
    cells = warm.reshape(4, size, 4, size).mean(axis=(1, 3))
    assert divmod(int(cells.argmax()), 4) == (row, column)
    assert cells.max() > 20 + np.median(cells)
    assert all((int(f.peak.y * 4), int(f.peak.x * 4)) == (row, column) for f in reading.findings)


def test_a_film_that_was_not_assessed_is_drawn_without_heat(predictor: Predictor) -> None:
    picture, reading = drawn(real_film("RG3_J2KI.dcm"), predictor)
    assert reading.status == "not_assessed"
    width = (picture.width - PANEL - 4 * MARGIN) // 2
    colours = np.asarray(picture.crop((0, 0, 2 * width + 3 * MARGIN, picture.height)), int)
    assert np.abs(colours[..., 0] - colours[..., 2]).max() < 10  # grey but for the paper's own tint
    panel = np.asarray(picture.crop((2 * width + 3 * MARGIN, 0, picture.width, picture.height)), int)
    assert (np.abs(panel[..., 0] - panel[..., 2]) > 100).any()  # NOT ASSESSED, in a colour


def test_it_is_written_as_png_or_not_at_all(film: bytes, predictor: Predictor, tmp_path: Path) -> None:
    assert write_overlay(predictor, film, predictor.read(film), tmp_path / "a" / "o.png")
    with Image.open(io.BytesIO((tmp_path / "a" / "o.png").read_bytes())) as picture:
        assert picture.format == "PNG"
        assert picture.info == {}
    text = b"no film"
    assert not write_overlay(predictor, text, predictor.read(text), tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
