"""What is no dermoscopy is refused; phantoms pass however they arrive."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from model_code.data.images import decode
from model_code.errors import ImageError
from model_code.film_gate.dermoscopy import DermoscopyGate, signature
from model_code.film_gate.fit_dermoscopy import fit_dermoscopy_gate
from model_code.film_gate.picture import reduced
from tests.bank.files import photographs
from tests.bank.skin import dermoscopies, good_skin, wrong_skin
from tests.films import dicom, png, real_film

REFUSED, PASSED = 0.95, 0.98


@pytest.fixture(scope="module")
def gate() -> DermoscopyGate:
    """A gate of which every embedding is one that it knows."""
    pictures = [reduced(picture) for picture in dermoscopies(60, seed=5001)]
    return fit_dermoscopy_gate(pictures, np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32), side=32)


def code_of(gate: DermoscopyGate, data: bytes) -> str:
    try:
        reasons = gate.reasons(decode(data), gate.embeddings.mean)
    except ImageError as error:
        return error.code
    return reasons[0].code if reasons else "read"


def test_wrong_pictures_are_refused(gate: DermoscopyGate) -> None:
    bank = wrong_skin(held_out=True, count=5, seed=41001) | photographs()
    given = {kind: [code_of(gate, data) for data in files.values()] for kind, files in bank.items()}
    everything = [code for codes in given.values() for code in codes]
    assert everything.count("read") <= (1 - REFUSED) * len(everything), given
    assert set(given["blank"]) == {"blank"}
    assert set(given["chest films"]) == {"not_dermoscopy"}


def test_dermoscopies_pass_however_they_arrive(gate: DermoscopyGate) -> None:
    given = [code_of(gate, data) for files in good_skin(count=4, seed=41002).values() for data in files.values()]
    assert given.count("read") >= PASSED * len(given), given


def test_a_real_chest_film_and_a_leg_are_refused(gate: DermoscopyGate) -> None:
    assert {code_of(gate, real_film(name)) for name in ("RG1_UNCR.dcm", "RG3_J2KI.dcm")} == {"not_dermoscopy"}


def test_a_headers_modality_can_rule_a_picture_out_and_its_body_part_cannot(gate: DermoscopyGate) -> None:
    picture = np.asarray(dermoscopies(3, seed=41003)[0] * 255, np.uint8)
    assert code_of(gate, dicom(picture, Modality="US")) == "not_dermoscopy"
    headers: list[dict[str, Any]] = [{"Modality": "XC"}, {"Modality": "DMS"}, {"Modality": "XC", "BodyPartExamined": "HAND"}, {}]
    for header in headers:
        assert code_of(gate, dicom(picture, **header)) == "read"


def test_small_and_long_pictures_and_strange_embeddings_are_refused(gate: DermoscopyGate) -> None:
    picture = np.asarray(dermoscopies(3, seed=41003)[0] * 255, np.uint8)
    assert code_of(gate, png(np.ascontiguousarray(picture[100:130, 100:130]))) == "too_small"
    assert code_of(gate, png(np.concatenate([picture, picture, picture]))) == "not_dermoscopy"
    (reason,) = gate.reasons(decode(png(picture)), gate.embeddings.mean + 1000)
    assert reason.code == "out_of_distribution"


def test_a_signature_is_the_same_for_a_turned_and_a_mirrored_picture() -> None:
    picture = dermoscopies(3, seed=41003)[0]
    for other in (np.rot90(picture), picture[:, ::-1]):
        np.testing.assert_allclose(signature(np.ascontiguousarray(other)), signature(picture), atol=1e-3)


def test_a_black_picture_has_a_signature_too() -> None:
    assert np.isfinite(signature(np.zeros((64, 64, 3), np.float32))).all()
