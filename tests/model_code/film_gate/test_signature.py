"""A signature says which colours lie where, whatever the size and the way round."""

from __future__ import annotations

import numpy as np
from PIL import Image

from model_code.film_gate.signature import lit, signature
from tests.bank.skin import dermoscopies


def test_it_is_the_same_for_a_turned_and_a_mirrored_picture() -> None:
    picture = dermoscopies(3, seed=41003)[0]
    for other in (np.rot90(picture), picture[:, ::-1]):
        np.testing.assert_allclose(signature(np.ascontiguousarray(other)), signature(picture), atol=1e-3)


def test_it_is_about_the_same_for_a_picture_of_half_the_size() -> None:
    picture = dermoscopies(3, seed=41003)[1]
    small = Image.fromarray(np.uint8(picture * 255)).resize((128, 128), Image.Resampling.BOX)
    np.testing.assert_allclose(signature(np.asarray(small, np.float32) / np.float32(255)), signature(picture), atol=0.03)


def test_it_tells_colours_apart() -> None:
    picture = dermoscopies(3, seed=41003)[2]
    assert np.abs(signature(np.ascontiguousarray(picture[..., ::-1])) - signature(picture)).max() > 0.3


def test_a_black_picture_has_one_too() -> None:
    assert np.isfinite(signature(np.zeros((64, 64, 3), np.float32))).all()


def test_the_dermoscopes_dark_frame_is_not_lit() -> None:
    picture = np.full((64, 64, 3), 0.7, np.float32)
    picture[:8] = 0.02
    assert not lit(picture)[:8].any() and lit(picture)[8:].all()
