from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from model_code.data.burned_in_text import Region
from model_code.data.painting import clean_pixels, paint_over
from tests.films import dicom, ramp, real_film

BOX = Region(10, 4, 20, 6)


def inside(values: NDArray[Any]) -> NDArray[Any]:
    return values[4:10, 10:30]


def test_a_region_takes_the_value_around_it_and_nothing_else_changes() -> None:
    film = np.full((40, 50), 7, np.uint16)
    inside(film)[:] = np.arange(120).reshape(6, 20)
    painted = paint_over(film, (BOX,))

    assert painted.dtype == np.uint16
    assert (painted == 7).all()
    assert film[5, 12] != 7  # the film itself is not altered


def test_a_region_at_the_corner_and_a_whole_film_can_be_painted() -> None:
    film = ramp(8)

    assert paint_over(film, (Region(0, 0, 5, 5),))[0, 0] == paint_over(film, (Region(0, 0, 5, 5),))[4, 4]
    assert not paint_over(film, (Region(0, 0, 64, 64),)).any()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("stored", [ramp(8), ramp(12), (ramp(12).astype(np.int16) - 2000), np.dstack([ramp(8)] * 3)])
def test_uncompressed_pixels_keep_their_values_elsewhere(stored: NDArray[Any], syntax: UID) -> None:
    if syntax == ExplicitVRBigEndian and stored.dtype.itemsize > 1:
        stored = stored.astype(stored.dtype.newbyteorder(">"))
    dataset = dcmread(io.BytesIO(dicom(stored, syntax=syntax)))
    before = dataset.pixel_array.copy()
    clean_pixels(dataset, (BOX,))
    again = io.BytesIO()
    dataset.save_as(again)
    after = dcmread(io.BytesIO(again.getvalue())).pixel_array

    assert np.array_equal(after, paint_over(before, (BOX,)))
    assert dataset.file_meta.TransferSyntaxUID == syntax


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, RLELossless])
def test_compressed_pixels_are_stored_uncompressed_with_the_values_they_had(syntax: UID) -> None:
    if syntax == JPEG2000Lossless:
        dataset = dcmread(io.BytesIO(real_film("RG3_J2KR.dcm")))
    else:
        dataset = dcmread(io.BytesIO(dicom(ramp(12))))
        dataset.compress(RLELossless, generate_instance_uid=False)
    before, name = dataset.pixel_array.copy(), dataset.SOPInstanceUID
    clean_pixels(dataset, (BOX,))

    assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert dataset.SOPInstanceUID == name
    assert np.array_equal(dataset.pixel_array, paint_over(before, (BOX,)))


def test_without_text_and_overlays_not_a_byte_changes() -> None:
    dataset = dcmread(io.BytesIO(real_film("RG3_J2KI.dcm")))
    before = dataset.PixelData
    clean_pixels(dataset, ())

    assert dataset.PixelData is before


def test_an_overlay_in_the_bits_above_the_pixels_is_taken_out() -> None:
    hidden = ramp(12).astype(np.uint16)
    hidden[10:20, 5:50] |= 1 << 12
    dataset = dcmread(io.BytesIO(dicom(hidden, BitsStored=12)))
    dataset.add_new(0x60000102, "US", 12)
    clean_pixels(dataset, ())

    assert np.array_equal(np.frombuffer(dataset.PixelData, "<u2").reshape(64, 64), ramp(12))
