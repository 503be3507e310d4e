"""What is not the lesion: skin stays skin, hairs are dark, and the picture stays within its range."""

from __future__ import annotations

import numpy as np
import pytest

import model_code.data.phantoms.dermoscopy.scene as module
from model_code.data.phantoms.dermoscopy.canvas import Canvas
from model_code.data.phantoms.dermoscopy.scene import TONES, draw_skin, expose, lay_over


def canvas(tone: int = 1) -> Canvas:
    return Canvas(np.random.default_rng(0), side=96, skin=TONES[tone])


def test_skin_keeps_its_tone() -> None:
    for tone, colour in enumerate(TONES):
        one = canvas(tone)
        draw_skin(one, np.random.default_rng(1))
        np.testing.assert_allclose(one.rgb.mean(axis=(0, 1)), colour, atol=0.05)
        assert one.rgb.std(axis=(0, 1)).max() > 0.002


def test_hairs_and_bubbles_lie_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HAIRY", 1.0)
    monkeypatch.setattr(module, "BUBBLES", 1.0)
    one = canvas()
    before = one.rgb.copy()
    lay_over(one, np.random.default_rng(1))
    assert 0.005 < (np.abs(one.rgb - before).max(axis=2) > 0.1).mean() < 0.5


def test_a_round_field_is_dark_outside_and_all_stays_in_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND_FIELD", 1.0)
    monkeypatch.setattr(module, "RULER", 1.0)
    one = canvas()
    expose(one, np.random.default_rng(1))
    assert one.rgb.min() >= 0 and one.rgb.max() <= 1
    assert one.rgb[0, 0].max() < 0.1 < one.rgb[48, 48].min()
