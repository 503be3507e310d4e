"""Films of a manifest come as the model's input; one that is missing or broken is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from model_code.data.films import load_films
from model_code.data.images import decode
from model_code.data.manifest import Manifest, read_manifest
from model_code.data.transforms import to_model_input
from model_code.errors import ManifestError
from model_code.tasks import CHEST14


@pytest.fixture
def own(data: Path, tmp_path: Path) -> Manifest:
    """Two films of the data set, copied to be altered."""
    manifest = read_manifest(data, CHEST14)
    (tmp_path / "films").mkdir()
    rows = manifest.frame.head(2)
    for image in rows["image"]:
        shutil.copy(data / image, tmp_path / image)
    return Manifest(rows, tmp_path, manifest.labels, manifest.sha256)


def test_films_are_what_serving_sees(own: Manifest) -> None:
    films = load_films(own, 32, "films", channels=1)
    assert films.shape == (2, 1, 32, 32) and films.dtype == np.uint8
    for film, path in zip(films, own.paths, strict=True):
        np.testing.assert_array_equal(film, to_model_input(decode(path.read_bytes()).pixels, 32, 1))


def test_a_missing_film_is_named(own: Manifest) -> None:
    own.paths[1].unlink()
    with pytest.raises(ManifestError, match=own.paths[1].name):
        load_films(own, 32, "films", channels=1)


def test_a_broken_film_is_named(own: Manifest) -> None:
    own.paths[0].write_bytes(own.paths[0].read_bytes()[:200])
    with pytest.raises(ManifestError, match=own.paths[0].name):
        load_films(own, 32, "films", channels=1)
