"""Each finding is drawn, is drawn where its mask says, and is told apart by what defines it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from model_code.data.phantoms.anatomy import LEFT, RIGHT, Anatomy, Film, Mask
from model_code.data.phantoms.signs import SHAPES, SIGNS
from model_code.tasks import CHEST14

SIDE = 256
LOCAL = [label for label in CHEST14.labels if label not in SHAPES]
"""Findings that leave the shape of the chest alone, so that a film without them can be laid beside."""


def expose(label: str | None, patient: int) -> tuple[Film, Mask | None, NDArray[np.float64]]:
    """A patient's film with at most one finding; exposure and noise do not depend on the finding."""
    rng = np.random.default_rng([7, patient])
    film = Film(Anatomy.sample(rng, sex="M", age=50), rng, side=SIDE, view="PA")
    if label is not None and label in SHAPES:
        SHAPES[label](film)
    film.inflate()
    film.draw_bones()
    mask = SIGNS[label](film) if label else None
    film.rng = np.random.default_rng([8, patient])
    return film, mask, film.render().astype(float)


def test_every_finding_of_the_task_has_a_sign() -> None:
    assert set(SIGNS) == set(CHEST14.labels)
    assert set(SHAPES) <= set(SIGNS)


@pytest.mark.parametrize("patient", range(3))
@pytest.mark.parametrize("label", CHEST14.labels)
def test_a_sign_changes_the_film_inside_its_place(label: str, patient: int) -> None:
    _, mask, with_it = expose(label, patient)
    _, _, without = expose(None, patient)
    assert mask is not None and mask.any() and not mask.all()
    change = np.abs(with_it - without)
    assert change[mask].mean() > 8  # of 255 grey values


@pytest.mark.parametrize("patient", range(3))
@pytest.mark.parametrize("label", LOCAL)
def test_a_local_sign_changes_next_to_nothing_elsewhere(label: str, patient: int) -> None:
    _, mask, with_it = expose(label, patient)
    _, _, without = expose(None, patient)
    assert mask is not None
    outside = ~binary_dilation(mask, iterations=SIDE // 25)
    change = np.abs(with_it - without)
    assert change[outside].mean() < 0.05 * change[mask].mean() + 0.5


@pytest.mark.parametrize("label", CHEST14.labels)
def test_two_findings_never_look_the_same(label: str) -> None:
    """Told apart by the picture: no two findings make the same change to the same patient."""
    _, _, drawn = expose(label, 0)
    for other in CHEST14.labels:
        if other != label:
            assert np.abs(drawn - expose(other, 0)[2]).max() > 20, other


def width(mask: Mask) -> int:
    columns = np.nonzero(mask.any(axis=0))[0]
    return int(columns.max() - columns.min() + 1)


@pytest.mark.parametrize("patient", range(8))
def test_an_enlarged_heart_is_wider_than_half_the_chest_and_a_normal_one_is_not(patient: int) -> None:
    def ratio(label: str | None) -> float:
        film, _, _ = expose(label, patient)
        return width(film.heart()) / width(film.lung(LEFT) | film.lung(RIGHT))

    assert ratio("Cardiomegaly") > 0.5
    assert ratio(None) < 0.5


@pytest.mark.parametrize("label", ["Mass", "Nodule", "Effusion", "Pleural_Thickening", "Consolidation", "Atelectasis", "Edema"])
def test_what_fills_the_lung_is_lighter(label: str) -> None:
    _, mask, with_it = expose(label, 1)
    assert mask is not None
    assert (with_it - expose(None, 1)[2])[mask].mean() > 15


def test_free_air_is_darker_than_lung_and_without_vessels() -> None:
    film, mask, with_it = expose("Pneumothorax", 1)
    assert mask is not None
    free = mask & (film.markings == 0)
    assert (with_it - expose(None, 1)[2])[free].mean() < -8


def test_a_mass_is_larger_than_any_nodule() -> None:
    def cover(label: str, patient: int) -> float:
        film, mask, _ = expose(label, patient)
        assert mask is not None
        return float(mask.sum()) / film.zoom**2

    masses = [cover("Mass", patient) for patient in range(8)]
    nodules = [cover("Nodule", patient) / 3 for patient in range(8)]  # at most three of them
    assert np.median(masses) > 4 * np.median(nodules)


def test_fluid_lies_at_the_base() -> None:
    film, mask, _ = expose("Effusion", 2)
    assert mask is not None
    assert float(film.y[mask].mean()) > (film.anatomy.apex + 2 * film.anatomy.base) / 3


def test_signs_lie_in_the_chest() -> None:
    for label in CHEST14.labels:
        film, mask, _ = expose(label, 3)
        assert mask is not None
        assert not (mask & ~film.body()).any(), label
