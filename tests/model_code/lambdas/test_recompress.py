from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless, RLELossless

from model_code.data.images import decode
from model_code.errors import ImageError
from model_code.lambdas.recompress import recompressed
from model_code.predictor import Predictor
from tests.films import dicom, planted_in, png, ramp, real_film

SERVERLESS, REALTIME = 4 * 2**20, 6_291_456


@pytest.fixture(scope="module")
def real() -> tuple[bytes, bytes]:
    film = real_film("RG1_UNCR.dcm")
    return film, recompressed(film)


def test_the_real_chest_film_has_the_same_pixels_afterwards(real: tuple[bytes, bytes]) -> None:
    film, smaller = real
    before, after = (pydicom.dcmread(io.BytesIO(data)) for data in (film, smaller))

    assert after.file_meta.TransferSyntaxUID == JPEG2000Lossless
    assert np.array_equal(before.pixel_array, after.pixel_array)
    assert np.array_equal(decode(film).pixels, decode(smaller).pixels)


def test_so_the_reading_is_the_same(real: tuple[bytes, bytes], predictor: Predictor) -> None:
    readings = [predictor.read(film).model_dump(exclude={"id", "timing_ms"}) for film in real]
    for reading in readings:
        reading["image"].pop("sha256")

    assert readings[0] == readings[1]


def test_and_its_header(real: tuple[bytes, bytes]) -> None:
    before, after = (pydicom.dcmread(io.BytesIO(data)) for data in real)
    changed = {element.keyword for element in before if after.get(element.tag) != element}

    assert changed <= {"PixelData"}


def test_its_7_2_mb_fit_a_realtime_endpoint_afterwards_and_nearly_a_serverless_one(real: tuple[bytes, bytes]) -> None:
    """Its noise alone has more than 9 bits a pixel: no reversible coding tried has brought it below 4 MiB."""
    film, smaller = real

    assert len(film) > REALTIME > len(smaller)
    assert SERVERLESS < len(smaller) < 1.03 * SERVERLESS


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_every_depth_comes_back(bits: int, photometric: str) -> None:
    film = dicom(ramp(bits), BitsStored=bits, PhotometricInterpretation=photometric, WindowCenter=100, WindowWidth=50)

    assert np.array_equal(decode(recompressed(film)).pixels, decode(film).pixels)


def test_negative_values_come_back() -> None:
    film = dicom((ramp(12).astype(np.int32) - 2048).astype(np.int16))

    assert np.array_equal(decode(recompressed(film)).pixels, decode(film).pixels)


def test_colours_come_back() -> None:
    stored = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    film = dicom(stored)

    assert np.array_equal(decode(recompressed(film)).pixels, decode(film).pixels)


def test_a_film_that_is_compressed_already_is_compressed_anew() -> None:
    dataset = pydicom.dcmread(io.BytesIO(dicom(ramp(12))))
    dataset.compress(RLELossless)
    packed = io.BytesIO()
    dataset.save_as(packed)

    assert np.array_equal(decode(recompressed(packed.getvalue())).pixels, decode(packed.getvalue()).pixels)


@pytest.mark.parametrize("film", [b"", b"\0" * 200, png(ramp(8)), dicom(None), real_film("RG1_UNCR.dcm")[:100_000]])
def test_anything_else_is_refused_in_words_that_quote_nothing(film: bytes) -> None:
    with pytest.raises(ImageError, match="without loss") as refused:
        recompressed(film)

    assert not planted_in(str(refused.value))
