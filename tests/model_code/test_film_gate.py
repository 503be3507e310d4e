"""What is no frontal chest film is refused with a reason; phantoms and the real chest film pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from numpy.typing import NDArray

from model_code.bundle import FILM_GATE, open_bundle
from model_code.data.images import decode
from model_code.data.manifest import read_manifest
from model_code.film_gate import FilmGate, look, standard_distance
from model_code.predictor import Predictor
from model_code.tasks import CHEST14
from tests.films import jpeg, png, real_film


def codes(predictor: Predictor, data: bytes) -> list[str]:
    reading = predictor.read(data)
    assert (reading.status == "not_assessed") == bool(reading.reasons) == (not reading.findings)
    return [reason.code for reason in reading.reasons]


def as_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey values 0 to 255 as a picture holds them."""
    return np.ascontiguousarray(values).astype(np.uint8)


def photograph(name: str) -> bytes:
    assert sklearn.__file__ is not None
    return (Path(sklearn.__file__).parent / "datasets" / "images" / name).read_bytes()


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "RG1_J2KR.dcm"])
def test_the_real_chest_film_passes(name: str, predictor: Predictor) -> None:
    assert codes(predictor, real_film(name)) == []


def test_nearly_all_phantoms_pass(data: Path, predictor: Predictor) -> None:
    paths = [path for split in ("test", "train") for path in read_manifest(data, CHEST14).split(split).paths]
    passed = sum(codes(predictor, path.read_bytes()) == [] for path in paths)
    assert passed >= 0.95 * len(paths)


@pytest.mark.parametrize("name", ["RG3_UNCR.dcm", "RG3_J2KI.dcm", "MR2_UNCR.dcm", "OT-PAL-8-face.dcm", "US1_UNCR.dcm"])
def test_other_medical_pictures_are_refused(name: str, predictor: Predictor) -> None:
    assert codes(predictor, real_film(name)) == ["not_a_chest_film"]


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_photographs_are_refused(name: str, predictor: Predictor) -> None:
    assert codes(predictor, photograph(name)) == ["not_a_chest_film"]


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_photographs_are_refused_in_grey_too(name: str, predictor: Predictor) -> None:
    grey = decode(photograph(name)).pixels.mean(axis=2)
    assert codes(predictor, png(as_bytes(grey * 255))) == ["not_a_chest_film"]


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_is_refused_as_blank(value: int, predictor: Predictor) -> None:
    assert codes(predictor, png(np.full((256, 256), value, np.uint8))) == ["blank"]


def noise(kind: str) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    if kind == "coarse":
        return np.kron(rng.integers(0, 256, (32, 32)), np.ones((8, 8))).astype(np.uint8)
    values = rng.normal(128, 50, (256, 256)) if kind == "normal" else rng.integers(0, 256, (256, 256))
    return np.asarray(np.clip(values, 0, 255), np.uint8)


@pytest.mark.parametrize("kind", ["uniform", "normal", "coarse"])
def test_noise_is_refused(kind: str, predictor: Predictor) -> None:
    assert codes(predictor, png(noise(kind))) == ["not_a_chest_film"]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_real_film_is_refused_when_it_lies_on_its_side_or_head(turns: int, predictor: Predictor) -> None:
    pixels = np.rot90(decode(real_film("RG1_UNCR.dcm")).pixels[::4, ::4], turns)
    assert codes(predictor, png(as_bytes(np.ascontiguousarray(pixels) * 255))) == ["not_a_chest_film"]


def test_the_real_film_is_refused_as_a_negative(predictor: Predictor) -> None:
    pixels = decode(real_film("RG1_UNCR.dcm")).pixels[::4, ::4]
    assert codes(predictor, png(as_bytes(255 - pixels * 255))) == ["not_a_chest_film"]


def test_a_strip_is_refused(film: bytes, predictor: Predictor) -> None:
    pixels = decode(film).pixels
    assert codes(predictor, png(as_bytes(np.tile(pixels, (3, 1)) * 255))) == ["not_a_chest_film"]


def test_a_coloured_film_is_refused(film: bytes, predictor: Predictor) -> None:
    grey = decode(film).pixels
    tinted = np.stack([grey, grey * 0.6, grey * 0.3], axis=2)
    assert codes(predictor, jpeg(as_bytes(tinted * 255))) == ["not_a_chest_film"]


def test_size_and_depth_do_not_matter_to_the_gate(film: bytes, predictor: Predictor) -> None:
    grey = decode(film).pixels
    large = np.kron(grey, np.ones((4, 4), np.float32))
    assert codes(predictor, png(np.round(large * 65535).astype(np.uint16))) == codes(predictor, film) == []


def test_an_embedding_far_from_all_known_ones_is_out_of_distribution(film: bytes, bundle: Path, predictor: Predictor) -> None:
    gate = FilmGate.load(open_bundle(bundle))
    image = decode(film)
    embedding = predictor.predict(image).embedding[0]
    assert gate.reasons(image.pixels, embedding) == ()
    (reason,) = gate.reasons(image.pixels, embedding + 100 * gate.residual[0])
    assert reason.code == "out_of_distribution"


def test_a_gate_survives_saving_and_loading(bundle: Path, tmp_path: Path) -> None:
    gate = FilmGate.load(open_bundle(bundle))
    gate.save(tmp_path)
    assert (tmp_path / FILM_GATE).read_bytes() == (bundle / FILM_GATE).read_bytes()


def test_distances_of_known_films_are_about_one() -> None:
    rng = np.random.default_rng(0)
    embeddings = (rng.normal(size=(300, 40)) * np.linspace(0.1, 3, 40)).astype(np.float32)
    looks = [look(rng.random((64, 64)).astype(np.float32)) for _ in range(5)]
    gate = FilmGate.fit(looks, embeddings)
    references = (gate.embedding_mean, gate.directions, gate.residual)
    distances = [standard_distance(embedding, *references) for embedding in embeddings]
    assert np.mean(distances) == pytest.approx(1, abs=0.15)
    assert standard_distance(embeddings.mean(axis=0), *references) < 0.1
    assert standard_distance(embeddings[0] + 50, *references) > 10


def test_look_measures_what_it_says() -> None:
    rng = np.random.default_rng(0)
    ramp = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (256, 1))
    assert look(ramp).contrast == pytest.approx(0.98, abs=0.02)
    assert look(ramp[:100]).aspect == pytest.approx(2.56)
    assert look(ramp).noise < 0.05 < 0.5 < look(rng.random((256, 256)).astype(np.float32)).noise
    assert look(ramp).colour == 0
    assert look(np.stack([ramp, ramp * 0, ramp * 0], axis=2)).colour == pytest.approx(0.5, abs=0.01)
