"""Variants are what their names say, and every reference has one."""

from __future__ import annotations

import numpy as np

from model_code.film_gate.variants import OF_REFERENCES, REFERENCES, VIEWS, still_frontal, variants

FILM = np.arange(36 * 48, dtype=np.float32).reshape(36, 48) / np.float32(36 * 48)


def test_every_reference_can_be_made_but_the_lateral_ones() -> None:
    assert list(variants(FILM)) == [name for name, view in REFERENCES.items() if view != "lateral"]


def test_every_view_has_a_reference_and_frontal_is_the_first() -> None:
    assert set(OF_REFERENCES) == set(range(len(VIEWS)))
    assert next(iter(REFERENCES.values())) == VIEWS[0] == "frontal"


def test_variants_are_parts_or_turns_of_the_film() -> None:
    changed = variants(FILM)
    assert np.array_equal(np.vstack([changed["upper half"], changed["lower half"]]), FILM)
    assert np.array_equal(np.hstack([changed["left half"], changed["right half"]]), FILM)
    assert changed["turned 90"].shape == (48, 36)
    assert changed["no lower third"].shape == (24, 48)
    assert np.array_equal(changed["no left third"], FILM[:, 16:])
    assert np.allclose(changed["inverted"] + FILM, 1)


def test_what_stays_frontal_keeps_its_shape_and_follows_the_generator() -> None:
    once, again = (still_frontal(FILM, np.random.default_rng(3)) for _ in range(2))
    assert all(picture.shape == FILM.shape for picture in once)
    assert all(np.array_equal(one, other) for one, other in zip(once, again, strict=True))
    assert np.array_equal(once[0], FILM[:, ::-1])
