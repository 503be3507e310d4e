"""A phantom dermoscopy depends on its seed alone, and shows the signs of its own diagnosis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model_code.data.phantoms.dermoscopy.diagnoses import DIAGNOSES
from model_code.data.phantoms.dermoscopy.picture import SIDE, draw_dermoscopy
from model_code.data.phantoms.dermoscopy.population import Row

ROW = Row(lesion=4, number=0, label="NV", sex="F", age=45, body_site="lower extremity", tone=1)


def test_the_same_seed_draws_the_same_picture() -> None:
    np.testing.assert_array_equal(draw_dermoscopy(ROW, 5).pixels, draw_dermoscopy(ROW, 5).pixels)


def test_seed_lesion_and_number_all_change_the_picture() -> None:
    pixels = draw_dermoscopy(ROW, 5).pixels
    for other in (
        draw_dermoscopy(ROW, 6),
        draw_dermoscopy(replace(ROW, lesion=5), 5),
        draw_dermoscopy(replace(ROW, number=1), 5),
    ):
        assert (other.pixels != pixels).mean() > 0.5


@pytest.mark.parametrize("label", DIAGNOSES)
def test_every_diagnosis_is_a_lesion_within_the_picture(label: str) -> None:
    drawing = draw_dermoscopy(replace(ROW, label=label), 5)
    assert drawing.pixels.shape == (SIDE, SIDE, 3) and drawing.pixels.dtype == np.uint8
    assert drawing.place.shape == (SIDE, SIDE) and 0.03 < drawing.place.mean() < 0.6
    inside, outside = (drawing.pixels[where].mean(axis=0) for where in (drawing.place, ~drawing.place))
    assert np.abs(inside - outside).max() > 10  # of 255: it stands out


def mean_colour(label: str, tone: int = 1) -> np.ndarray:
    """Of the lesion against the skin around it, over five lesions."""
    differences = []
    for lesion in range(5):
        drawing = draw_dermoscopy(replace(ROW, label=label, lesion=lesion, tone=tone), 9)
        pixels = drawing.pixels.astype(float)
        differences.append(pixels[drawing.place].mean(axis=0) - np.median(pixels[~drawing.place], axis=0))
    return np.asarray(np.mean(differences, axis=0))


def test_melanomas_are_darker_than_nevi_and_vascular_lesions_redder() -> None:
    melanoma, nevus, vascular = (mean_colour(label) for label in ("MEL", "NV", "VASC"))
    assert melanoma.sum() < nevus.sum()
    redness = [colour[0] - colour[1] for colour in (vascular, nevus)]
    assert redness[0] > redness[1] + 20


def test_a_lesion_keeps_its_shape_over_its_pictures() -> None:
    """What differs is how the dermoscope was held: area follows its nearness, and the outline is the same but turned."""
    areas = [draw_dermoscopy(replace(ROW, number=number), 5).place.mean() for number in range(3)]
    assert max(areas) / min(areas) < (1.2 / 0.85) ** 2 * 1.1
