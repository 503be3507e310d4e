"""What is no dermoscopy is refused; phantoms pass however they arrive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from model_code.bundle import Bundle
from model_code.data.images import decode
from model_code.errors import ImageError
from model_code.film_gate.dermoscopy import DermoscopyGate
from model_code.film_gate.fit_dermoscopy import fit_dermoscopy_gate
from model_code.film_gate.picture import reduced
from tests.bank.skin import dermoscopies, good_skin, wrong_skin
from tests.bank.skin_photographs import graphics, skin_photographs
from tests.films import dicom, png, real_film

REFUSED, PASSED = 0.95, 0.98


@pytest.fixture(scope="module")
def gate() -> DermoscopyGate:
    """A gate of a small data set, of which every embedding is one that it knows."""
    pictures = [reduced(picture) for picture in dermoscopies(40, seed=5001)]
    return fit_dermoscopy_gate(pictures, np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32), side=32)


def code_of(gate: DermoscopyGate, data: bytes) -> str:
    try:
        reasons = gate.reasons(decode(data), gate.embeddings.mean)
    except ImageError as error:
        return error.code
    return reasons[0].code if reasons else "read"


def test_wrong_pictures_are_refused(gate: DermoscopyGate) -> None:
    bank = wrong_skin(held_out=True, count=4, seed=41001)
    given = {kind: [code_of(gate, data) for data in files.values()] for kind, files in bank.items()}
    everything = [code for codes in given.values() for code in codes]
    assert everything.count("read") <= (1 - REFUSED) * len(everything), given
    assert set(given["blank"]) == {"blank"}
    assert set(given["chest films"]) == {"not_dermoscopy"}


@pytest.mark.parametrize("held_out", [False, True])
def test_real_photographs_are_refused_whole_and_cut(gate: DermoscopyGate, held_out: bool) -> None:
    shown = skin_photographs(held_out=held_out, seed=41004)
    given = {name: code_of(gate, data) for files in shown.values() for name, data in files.items()}
    assert list(given.values()).count("read") <= (1 - REFUSED) * len(given), given


def test_graphics_are_refused(gate: DermoscopyGate) -> None:
    assert {code_of(gate, data) for data in graphics().values()} == {"not_dermoscopy"}


def test_what_is_like_other_things_is_told_so(gate: DermoscopyGate) -> None:
    shy = replace(gate, limits=gate.limits.model_copy(update={"max_distance": 1e6, "min_margin": 1e6}))
    complaint = shy.complaint(reduced(dermoscopies(3, seed=41003)[0]))
    assert complaint is not None and "like those of other things" in complaint.detail


def test_a_saved_gate_says_the_same(gate: DermoscopyGate, tmp_path: Path) -> None:
    gate.save(tmp_path)
    bundle = SimpleNamespace(folder=tmp_path, info=SimpleNamespace(film_gate=gate.limits))
    loaded = DermoscopyGate.load(cast(Bundle, bundle))
    for part, array in gate.skin._asdict().items():
        np.testing.assert_array_equal(getattr(loaded.skin, part), array)
    np.testing.assert_array_equal(loaded.embeddings.mean, gate.embeddings.mean)


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
