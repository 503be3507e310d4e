"""Every kind of file becomes float32 in [0, 1] with absorbing tissue white, or an ImageError; nothing else ever comes out."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, Sequence, dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from model_code.data.images import LIMITS, DecodedImage, Limits, decode
from model_code.errors import ImageError
from tests.films import PLANTED, dicom, jpeg, planted_in, png, ramp, real_film


def read(data: bytes) -> DecodedImage:
    """Decodes and checks what holds for every decoded image."""
    image = decode(data)
    assert image.pixels.dtype == np.float32
    assert image.pixels.ndim == 2 or image.pixels.shape[2] == 3
    assert float(image.pixels.min()) >= 0 and float(image.pixels.max()) <= 1
    return image


def refusal(data: bytes, limits: Limits = LIMITS) -> str:
    """The code of the refusal; its text must hold nothing of the header."""
    with pytest.raises(ImageError) as caught:
        decode(data, limits)
    assert not planted_in(str(caught.value))
    assert caught.value.detail and "\n" not in caught.value.detail
    return caught.value.code


RAMP = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))


# --- DICOM: grey ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_every_bit_depth_fills_the_declared_range(bits: int) -> None:
    image = read(dicom(ramp(bits), BitsStored=bits))
    np.testing.assert_allclose(image.pixels, RAMP, atol=0.6 / (2**bits - 1) + 1e-6)
    assert image.photometric == "MONOCHROME2"
    assert (image.rows, image.columns, image.is_colour) == (64, 64, False)


@pytest.mark.parametrize("bits", [8, 12])
def test_monochrome1_is_the_inverse_of_monochrome2(bits: int) -> None:
    dark_is_high = read(dicom(ramp(bits), BitsStored=bits, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_allclose(dark_is_high.pixels, 1 - read(dicom(ramp(bits), BitsStored=bits)).pixels, atol=1e-6)
    assert dark_is_high.photometric == "MONOCHROME1"


def test_monochrome1_is_inverted_after_its_window() -> None:
    window: dict[str, Any] = {"BitsStored": 12, "WindowCenter": 1000, "WindowWidth": 500}
    inverse = read(dicom(ramp(12), PhotometricInterpretation="MONOCHROME1", **window))
    np.testing.assert_allclose(inverse.pixels, 1 - read(dicom(ramp(12), **window)).pixels, atol=1e-6)


def test_rescale_comes_before_the_window() -> None:
    stored = ramp(12)
    plain = read(dicom(stored, BitsStored=12, WindowCenter=2000, WindowWidth=1000))
    rescaled = read(
        dicom(stored, BitsStored=12, RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=2 * 2000 - 1024, WindowWidth=2000)
    )
    np.testing.assert_allclose(rescaled.pixels, plain.pixels, atol=2e-3)


def test_a_negative_rescale_slope_turns_the_film_around() -> None:
    image = read(dicom(ramp(12), BitsStored=12, RescaleSlope=-1, RescaleIntercept=4095))
    np.testing.assert_allclose(image.pixels, RAMP[:, ::-1], atol=1e-3)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT"])
def test_a_linear_window_cuts_and_stretches(function: str) -> None:
    """PS3.3 C.11.2.1.2: below the window black, above white, straight in between."""
    stored = ramp(12)
    image = read(dicom(stored, BitsStored=12, WindowCenter=2048, WindowWidth=1024, VOILUTFunction=function))
    expected = np.clip((stored.astype(np.float64) - (2048 - 512)) / 1024, 0, 1)
    np.testing.assert_allclose(image.pixels, expected, atol=2e-3)


def test_a_sigmoid_window_is_smooth_and_symmetric() -> None:
    """PS3.3 C.11.2.1.3.1: 1 / (1 + exp(-4 (x - c) / w))."""
    stored = ramp(12)
    image = read(dicom(stored, BitsStored=12, WindowCenter=2048, WindowWidth=1024, VOILUTFunction="SIGMOID"))
    expected = 1 / (1 + np.exp(-4 * (stored.astype(np.float64) - 2048) / 1024))
    np.testing.assert_allclose(image.pixels, expected, atol=2e-3)


@pytest.mark.parametrize("kind", ["US", "OW"])
@pytest.mark.parametrize("bits", [8, 10, 16], ids="{} bits".format)
@pytest.mark.parametrize("first", [0, 100, 2000], ids="first mapped value {}".format)
@pytest.mark.parametrize("entries", [256, 2096], ids="{} entries".format)
def test_a_voi_lut_is_applied_and_its_own_range_fills_ours(first: int, entries: int, bits: int, kind: str) -> None:
    """PS3.3 C.11.2.1.1: values below the first mapped one take the first entry, values beyond the table its last."""
    stored, largest = ramp(12), 2**bits - 1
    table = np.round(np.linspace(0, 1, entries) ** 2 * largest).astype(np.uint16)
    lut = Dataset()
    lut.LUTDescriptor = [entries, first, bits]
    lut.add_new("LUTData", kind, table.tobytes() if kind == "OW" else table.tolist())
    image = read(dicom(stored, BitsStored=12, VOILUTSequence=Sequence([lut])))
    expected = table[np.clip(stored.astype(int) - first, 0, entries - 1)] / largest
    np.testing.assert_allclose(image.pixels, expected, atol=1e-3)


def test_an_8_bit_voi_lut_may_be_packed_two_entries_a_word() -> None:
    lut = Dataset()
    lut.LUTDescriptor = [256, 0, 8]
    lut.add_new("LUTData", "OW", np.arange(256, dtype=np.uint8)[::-1].tobytes())
    image = read(dicom(ramp(8), VOILUTSequence=Sequence([lut])))
    np.testing.assert_allclose(image.pixels, RAMP[:, ::-1], atol=3e-3)


@pytest.mark.parametrize(
    "empty", [{"WindowCenter": "", "WindowWidth": ""}, {"WindowWidth": 100}, {"VOILUTSequence": Sequence([])}]
)
def test_a_window_that_was_left_empty_changes_nothing(empty: dict[str, Any]) -> None:
    """Software that removes personal data leaves empty elements behind."""
    np.testing.assert_array_equal(read(dicom(ramp(12), BitsStored=12, **empty)).pixels, read(dicom(ramp(12))).pixels)


@pytest.mark.parametrize(
    "window",
    [
        {"WindowWidth": 0},
        {"WindowWidth": 0.5},
        {"WindowWidth": -100},
        {"WindowWidth": ["", "100"]},
        {"WindowWidth": 0, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowWidth": 0, "VOILUTFunction": "SIGMOID"},
        {"VOILUTFunction": "BY_HAND"},
    ],
    ids=str,
)
def test_a_window_that_shows_nothing_is_passed_over(window: dict[str, Any]) -> None:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3: the film is read from its lowest to its highest value, as one without a window."""
    window = {"WindowCenter": 500, "WindowWidth": 100, **window}
    np.testing.assert_array_equal(read(dicom(ramp(12), BitsStored=12, **window)).pixels, read(dicom(ramp(12))).pixels)


def test_an_empty_function_of_a_window_is_the_linear_one() -> None:
    window: dict[str, Any] = {"BitsStored": 12, "WindowCenter": 1000, "WindowWidth": [500, 0]}
    empty = read(dicom(ramp(12), **window, VOILUTFunction=""))
    np.testing.assert_array_equal(empty.pixels, read(dicom(ramp(12), **window)).pixels)


def test_signed_pixels_are_read_as_signed() -> None:
    stored = (ramp(12).astype(np.int32) - 2048).astype(np.int16)
    image = read(dicom(stored))
    np.testing.assert_allclose(image.pixels, RAMP, atol=1e-3)


def test_a_flat_film_is_read_without_dividing_by_zero() -> None:
    assert float(np.ptp(read(dicom(np.full((64, 64), 700, np.uint16))).pixels)) == 0


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian])
def test_other_uncompressed_syntaxes_give_the_same_pixels(syntax: Any) -> None:
    np.testing.assert_array_equal(read(dicom(ramp(12), syntax=syntax)).pixels, read(dicom(ramp(12))).pixels)


def test_a_file_without_preamble_is_still_dicom() -> None:
    """Old archives write bare data sets; they begin with group 0008 (or 0002) and no magic word."""
    buffer = io.BytesIO()
    with_preamble = dcmread(io.BytesIO(dicom(ramp(12), syntax=ImplicitVRLittleEndian)))
    with_preamble.remove_private_tags()
    bare = Dataset(with_preamble)
    bare.save_as(buffer, implicit_vr=True, little_endian=True)
    np.testing.assert_array_equal(read(buffer.getvalue()).pixels, read(dicom(ramp(12))).pixels)


@pytest.mark.parametrize("name", ["emri_small_jpeg_ls_lossless.dcm", "OBXXXX1A_rle_2frame.dcm", "SC_rgb_2frame.dcm"])
def test_several_frames_are_refused(name: str) -> None:
    assert refusal(real_film(name)) == "multi_frame"


def test_big_endian_films_are_read() -> None:
    """Retired, and still in archives: the same ultrasound in both byte orders."""
    little, big = (read(real_film(f"gdcm-US-ALOKA-16{suffix}.dcm")) for suffix in ("", "_big"))
    np.testing.assert_array_equal(big.pixels, little.pixels)


# --- DICOM: colour ----------------------------------------------------------------------------------------------------


def colours() -> NDArray[np.uint8]:
    """Four quarters: red, green, blue, grey."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:32, :32, 0] = picture[:32, 32:, 1] = picture[32:, :32, 2] = 255
    picture[32:, 32:] = 128
    return picture


def test_rgb_secondary_captures_keep_their_colours() -> None:
    image = read(dicom(colours()))
    assert image.is_colour and image.photometric == "RGB"
    np.testing.assert_allclose(image.pixels, colours() / 255, atol=1e-6)


def test_planar_rgb_is_the_same_as_interleaved() -> None:
    planar = dicom(colours(), PlanarConfiguration=1, PixelData=np.ascontiguousarray(colours().transpose(2, 0, 1)).tobytes())
    np.testing.assert_array_equal(read(planar).pixels, read(dicom(colours())).pixels)


def test_ybr_becomes_rgb() -> None:
    ycbcr = np.asarray(Image.fromarray(colours()).convert("YCbCr"))
    image = read(dicom(np.ascontiguousarray(ycbcr), PhotometricInterpretation="YBR_FULL"))
    np.testing.assert_allclose(image.pixels, colours() / 255, atol=0.02)


def test_a_grey_film_written_as_rgb_is_grey() -> None:
    grey = ramp(8)
    image = read(dicom(np.repeat(grey[:, :, None], 3, axis=2)))
    assert not image.is_colour
    np.testing.assert_allclose(image.pixels, RAMP, atol=3e-3)


def test_palette_colour_goes_through_its_palette() -> None:
    stored = np.tile(np.arange(64, dtype=np.uint8) % 2, (64, 1))
    palette: dict[str, Any] = {
        f"{name}PaletteColorLookupTable{part}": value
        for name, entries in {"Red": (0, 65535), "Green": (0, 0), "Blue": (65535, 0)}.items()
        for part, value in {"Descriptor": [2, 0, 16], "Data": np.array(entries, np.uint16).tobytes()}.items()
    }
    image = read(dicom(stored, PhotometricInterpretation="PALETTE COLOR", **palette))
    np.testing.assert_allclose(image.pixels[0, 0], (0, 0, 1), atol=1e-3)
    np.testing.assert_allclose(image.pixels[0, 1], (1, 0, 0), atol=1e-3)


@pytest.mark.parametrize(
    "name",
    ["OT-PAL-8-face.dcm", "SC_rgb_dcmtk_ebcyn1_dcmd.dcm", "SC_rgb_dcmtk_ebcys4_dcmd.dcm", "SC_ybr_full_uncompressed.dcm",
     "US1_J2KR.dcm", "color-px.dcm", "SC_rgb_16bit.dcm", "OBXXXX1A_rle.dcm"],
)  # fmt: skip
def test_real_colour_files_are_read_in_range(name: str) -> None:
    assert read(real_film(name)).is_colour


@pytest.mark.parametrize("name", ["693_J2KR.dcm", "JPEG-LL.dcm", "MR2_J2KI.dcm", "vlut_04.dcm", "mlut_18.dcm"])
def test_real_grey_files_are_read_in_range(name: str) -> None:
    assert not read(real_film(name)).is_colour


# --- PNG and JPEG -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(ramp(8)),
        Image.fromarray(ramp(16)),
        Image.fromarray(ramp(8)).convert("RGB"),
        Image.fromarray(ramp(8)).convert("RGBA"),
        Image.fromarray(ramp(8)).convert("LA"),
        Image.fromarray(ramp(8)).convert("P"),
    ],
    ids=["grey 8", "grey 16", "rgb", "rgba", "grey alpha", "palette"],
)
def test_a_grey_picture_is_the_same_film_in_every_png_mode(picture: Image.Image) -> None:
    image = read(png(picture))
    assert not image.is_colour
    np.testing.assert_allclose(image.pixels, RAMP, atol=0.5 / 255 + 1e-6)


def test_a_one_bit_png_is_black_and_white() -> None:
    bits = np.tile(np.arange(64) % 2 == 0, (64, 1))
    np.testing.assert_array_equal(read(png(Image.fromarray(bits))).pixels, bits.astype(np.float32))


def test_a_16_bit_png_keeps_its_depth() -> None:
    stored = np.full((64, 64), 30000, np.uint16)
    stored[0, 0] = 30001
    pixels = read(png(stored)).pixels
    assert float(pixels[0, 0] - pixels[1, 1]) == pytest.approx(1 / 65535, rel=0.05)


def test_colour_pngs_and_jpegs_keep_their_colours() -> None:
    np.testing.assert_allclose(read(png(colours())).pixels, colours() / 255, atol=1e-6)
    np.testing.assert_allclose(read(jpeg(colours(), subsampling=0)).pixels, colours() / 255, atol=0.05)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_grey_picture_is_the_same_film_in_every_jpeg_mode(mode: str) -> None:
    np.testing.assert_allclose(
        read(jpeg(Image.fromarray(ramp(8)).convert(mode))).pixels.reshape(64, 64, -1).mean(axis=2), RAMP, atol=0.03
    )


def test_exif_orientation_is_obeyed() -> None:
    picture = Image.fromarray(np.vstack([np.full((32, 96), 255, np.uint8), np.zeros((64, 96), np.uint8)])[:80])
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    image = read(jpeg(picture, exif=exif))
    assert (image.rows, image.columns) == (96, 80)
    assert image.pixels[:, -16:].mean() > 0.9 and image.pixels[:, :16].mean() < 0.1


# --- limits, checked before anything is decoded -----------------------------------------------------------------------


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds one pixel's data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


BOMBS = {
    "png": png_header(20_000, 20_000),
    "png beyond Pillow's own limit": png_header(2_000_000, 2_000_000),
    "dicom": dicom(ramp(12), Rows=65535, Columns=65535),
    "compressed dicom": dicom(ramp(12), syntax=ImplicitVRLittleEndian, Rows=65535, Columns=65535),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_huge_declared_size_is_refused_without_allocating_it(bomb: bytes) -> None:
    decode(png(ramp(8)))  # imports that happen at first use are not counted
    tracemalloc.start()
    try:
        assert refusal(bomb) == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


def test_a_file_with_too_many_bytes_is_refused_unseen() -> None:
    assert refusal(b"\x89PNG\r\n\x1a\n" + bytes(100), Limits(max_bytes=100)) == "too_large"


@pytest.mark.parametrize("data", [png(ramp(8)), jpeg(ramp(8)), dicom(ramp(12))], ids=["png", "jpeg", "dicom"])
def test_limits_are_inclusive(data: bytes) -> None:
    assert decode(data, Limits(max_bytes=len(data), max_pixels=64 * 64, min_side=64)).rows == 64
    assert refusal(data, Limits(max_bytes=len(data) - 1)) == "too_large"
    assert refusal(data, Limits(max_pixels=64 * 64 - 1)) == "too_large"
    assert refusal(data, Limits(min_side=65)) == "too_small"


@pytest.mark.parametrize("shape", [(31, 64), (64, 31), (1, 1)])
def test_a_stamp_is_too_small(shape: tuple[int, int]) -> None:
    assert refusal(png(np.zeros(shape, np.uint8))) == "too_small"
    assert refusal(dicom(np.zeros(shape, np.uint16))) == "too_small"


# --- what is no single film -------------------------------------------------------------------------------------------


def test_an_animated_png_is_refused() -> None:
    frames = [Image.fromarray(ramp(8)), Image.fromarray(ramp(8)[:, ::-1].copy())]
    assert refusal(png(frames[0], save_all=True, append_images=frames[1:])) == "multi_frame"


NOT_IMAGES = {
    "text": b"Patient Zebra^Quagga was seen on Monday.\n" * 20,
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Type/Catalog>> endobj",
    "zip": b"PK\x03\x04" + bytes(200),
    "gif": b"GIF89a" + bytes(200),
    "zeros": bytes(500),
    "one byte": b"\x00",
}


@pytest.mark.parametrize("data", NOT_IMAGES.values(), ids=NOT_IMAGES.keys())
def test_other_files_are_not_images(data: bytes) -> None:
    assert refusal(data) == "not_an_image"


def test_an_empty_file_says_so() -> None:
    assert refusal(b"") == "empty"


def test_a_report_has_no_pixels() -> None:
    assert refusal(dicom(None, Modality="SR")) == "no_pixels"


def test_an_empty_image_is_truncated() -> None:
    assert refusal(dicom(ramp(12), PixelData=b"")) == "truncated"


def test_the_deflated_syntax_is_refused_before_it_is_inflated() -> None:
    assert refusal(dicom(ramp(12), syntax=DeflatedExplicitVRLittleEndian)) == "unsupported"


@pytest.mark.parametrize("bits", [1, 7, 32])
def test_other_bit_depths_are_unsupported(bits: int) -> None:
    stored = np.zeros((64, 64), np.uint32) if bits == 32 else np.zeros((64, 64), np.uint8)
    assert refusal(dicom(stored, BitsStored=bits)) == "unsupported"


def test_an_unknown_photometric_interpretation_is_unsupported() -> None:
    assert refusal(dicom(ramp(12), PhotometricInterpretation="HSV")) == "unsupported"


def test_a_rescale_to_infinity_is_unsupported() -> None:
    assert refusal(dicom(ramp(12), RescaleSlope="1e308", RescaleIntercept="1e308")) == "unsupported"


@pytest.mark.parametrize(
    "broken",
    [
        {"Rows": 200},
        {"BitsAllocated": 12},
        {"SamplesPerPixel": 3},
        {"PhotometricInterpretation": "PALETTE COLOR"},
        {"NumberOfFrames": 1000},
    ],
    ids=str,
)
def test_headers_that_contradict_the_pixels_are_refused(broken: dict[str, Any]) -> None:
    refusal(dicom(ramp(12), **broken))


# --- damage -----------------------------------------------------------------------------------------------------------

WHOLE = {
    "png": png(np.asarray(np.random.default_rng(0).integers(0, 65536, (48, 48)), np.uint16)),
    "jpeg": jpeg(np.asarray(np.random.default_rng(0).integers(0, 256, (48, 48, 3)), np.uint8)),
    "dicom": dicom(ramp(12), BitsStored=12, WindowCenter=2000, WindowWidth=900),
    "jpeg in dicom": real_film("SC_rgb_dcmtk_ebcys4_dcmd.dcm"),
    "jpeg 2000 in dicom": real_film("693_J2KR.dcm"),
    "rle in dicom": real_film("OBXXXX1A_rle.dcm"),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_short_is_refused(kind: str, share: float) -> None:
    data = WHOLE[kind][: int(len(WHOLE[kind]) * share)]
    assert refusal(data) in {"truncated", "not_an_image", "no_pixels"}


def image_or_refusal(data: bytes) -> None:
    try:
        read(data)
    except ImageError as error:
        assert not planted_in(str(error))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(WHOLE)), st.floats(0, 1))
def test_any_beginning_of_a_file_is_an_image_or_a_refusal(kind: str, share: float) -> None:
    image_or_refusal(WHOLE[kind][: int(share * len(WHOLE[kind]))])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=6),
    st.booleans(),
)
def test_any_flipped_bytes_give_an_image_or_a_refusal(kind: str, flips: list[tuple[float, int]], in_header: bool) -> None:
    data = bytearray(WHOLE[kind])
    span = min(len(data), 1500) if in_header else len(data)
    for where, value in flips:
        data[int(where * span)] = value
    image_or_refusal(bytes(data))


def test_a_planted_name_in_a_damaged_value_does_not_reach_the_error() -> None:
    """pydicom quotes the value that it cannot parse; a name can stand there."""
    name = PLANTED["PatientName"].encode()
    data = dicom(ramp(12), RescaleSlope="1.0000000000", RescaleIntercept=0)
    broken = data.replace(b"1.0000000000", name)
    assert len(broken) == len(data) and data.count(name) + 1 == broken.count(name)
    refusal(broken)


def test_a_film_of_signed_values_is_presented_as_its_unsigned_twin() -> None:
    """The values are looked up in a table, which begins at the film's lowest one."""
    unsigned = ramp(12)
    signed = unsigned.astype(np.int16) - 1000
    np.testing.assert_array_equal(decode(dicom(signed)).pixels, decode(dicom(unsigned)).pixels)
