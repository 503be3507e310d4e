"""Values that are taken straight from a large file are those that pydicom reads, in every case that the short way is open to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from model_code.data import dicom_pixels
from model_code.data.images import decode
from model_code.errors import ImageError
from tests.films import dicom, real_film

ROWS, COLUMNS = 1100, 1001


def film(bits: int, *, signed: bool = False, high: int | None = None, **tags: Any) -> bytes:
    """A noisy film of more than a megabyte, its values over the whole range of ``bits`` (or ``high``) bits."""
    kind = np.dtype(f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}")
    span = 2 ** (high or bits)
    low = -span // 2 if signed else 0
    stored = np.random.default_rng(bits).integers(low, low + span, (ROWS, COLUMNS)).astype(kind)
    return dicom(stored, BitsStored=bits, HighBit=bits - 1, PixelRepresentation=int(signed), **tags)


def both(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, Any, Any]:
    """Whether the short way was taken; the pixels with it and without it."""
    taken: list[bool] = []
    plain = dicom_pixels._plain

    def watched(*arguments: Any) -> Any:
        stored = plain(*arguments)
        taken.append(stored is not None)
        return stored

    monkeypatch.setattr(dicom_pixels, "_plain", watched)
    short = decode(data).pixels
    monkeypatch.setattr(dicom_pixels, "_plain", lambda *_: None)
    return taken[0], short, decode(data).pixels


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=["explicit", "implicit"])
@pytest.mark.parametrize(
    ("bits", "signed"), [(8, False), (8, True), (10, False), (12, True), (12, False), (15, False), (16, True), (16, False)]
)
@pytest.mark.parametrize("tags", [{}, {"WindowCenter": 200, "WindowWidth": 300}], ids=["whole range", "window"])
def test_the_short_way_gives_what_pydicom_gives(
    syntax: str, bits: int, signed: bool, tags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, short, long = both(film(bits, signed=signed, syntax=syntax, **tags), monkeypatch)

    assert taken
    np.testing.assert_array_equal(short, long)


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_other_things_in_the_unused_bits_are_left_to_pydicom(signed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, short, long = both(film(12, signed=signed, high=14), monkeypatch)

    assert not taken
    np.testing.assert_array_equal(short, long)


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "RG1_UNCI.dcm", "RG3_UNCR.dcm"])
def test_real_films_are_read_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, short, long = both(real_film(name), monkeypatch)

    np.testing.assert_array_equal(short, long)


@pytest.mark.parametrize("missing", [1, 2, 1001, 500_000])
def test_a_film_cut_short_is_truncated(missing: int) -> None:
    with pytest.raises(ImageError) as caught:
        decode(film(12)[:-missing])

    assert caught.value.code in ("truncated", "multi_frame")


def test_a_film_of_twice_the_pixels_is_not_half_read() -> None:
    twice = np.zeros((2 * ROWS, COLUMNS), np.uint16)
    twice[::2] = 4000

    with pytest.raises(ImageError) as caught:
        decode(dicom(twice, BitsStored=12, Rows=ROWS))

    assert caught.value.code == "multi_frame"
