"""A compressed frame is held against its header before a codec sees it; what real encoders write passes."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from model_code.data.codestreams import Declared, check_picture, check_stream, frame_of
from model_code.errors import ImageError
from tests.films import jpeg, ramp
from tests.fuzz.bombs import j2k

SIZE = Declared(rows=64, columns=64, samples=1, bytes_per_sample=1)
GREY = jpeg(ramp(8))


def rle(*segments: bytes) -> bytes:
    starts = [64 + sum(map(len, segments[:index])) for index in range(len(segments))]
    return struct.pack("<16I", len(segments), *starts, *[0] * (15 - len(segments))) + b"".join(segments)


def refused(stream: bytes, syntax: UID, declared: Declared = SIZE) -> str:
    with pytest.raises(ImageError) as caught:
        check_stream(stream, syntax, declared)
    return caught.value.code


ROWS = b"\x81\x07" * 32  # 128 times the value 7 each: 64 x 64 pixels


@pytest.mark.parametrize(
    ("stream", "syntax"),
    [
        (GREY, JPEGBaseline8Bit),
        (jpeg(ramp(8), progressive=True), JPEGBaseline8Bit),
        (j2k(64, 64), JPEG2000Lossless),
        (j2k(64, 64, tile=(16, 16), layers=20, precinct=7), JPEG2000Lossless),
        (rle(ROWS), RLELossless),
    ],
    ids=["JPEG", "progressive JPEG", "JPEG 2000", "JPEG 2000 in tiles", "RLE"],
)
def test_a_stream_of_its_headers_size_passes_and_no_other(stream: bytes, syntax: UID) -> None:
    check_stream(stream, syntax, SIZE)
    for wrong in ({"rows": 65}, {"samples": 3}, {"columns": 4096}):
        assert refused(stream, syntax, Declared(**{**vars(SIZE), **wrong})) == "truncated"


def test_every_start_of_a_stream_has_an_end() -> None:
    for stream, syntax in ((GREY, JPEGBaseline8Bit), (j2k(64, 64), JPEG2000Lossless), (rle(ROWS), RLELossless)):
        for length in range(40):
            assert refused(stream[:length], syntax) == "truncated"


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (j2k(64, 64, tile=(0, 1)).replace(struct.pack(">2I", 64, 1), bytes(8), 1), "truncated"),
        (j2k(64, 64, tile=(1, 1)).replace(b"\x07\1\1", b"\x07\xff\1"), "unsupported"),
        (j2k(64, 64).replace(b"\x07\1\1", b"\x26\1\1"), "unsupported"),
        (j2k(64, 64).replace(b"\xff\x90", b"\xff\x5f\0\2\xff\x90"), "unsupported"),
        (b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\0jp2h", "truncated"),
        (j2k(64, 64, layers=60_000, precinct=0), "too_large"),
    ],
    ids=["tiles of no size", "a sparse component", "39 bits", "another progression", "a box without an end", "layers"],
)
def test_what_hurts_a_jpeg_2000_codec_is_refused(stream: bytes, code: str) -> None:
    assert refused(stream, JPEG2000Lossless) == code


@pytest.mark.parametrize("extra", [b"\xff\xdc\0\4\0\x40", b"\xff\xdf\0\3\x11"], ids=["lines defined later", "a hierarchy"])
def test_ways_to_build_a_jpeg_that_no_film_needs_are_refused(extra: bytes) -> None:
    assert refused(GREY[:2] + extra + GREY[2:], JPEGBaseline8Bit) == "unsupported"


def test_a_scan_of_a_component_that_is_not_there_is_refused() -> None:
    scan = GREY.index(b"\xff\xda")
    assert refused(GREY[: scan + 5] + b"\x09" + GREY[scan + 6 :], JPEGBaseline8Bit) == "truncated"


def test_scans_have_a_limit_in_pictures_too() -> None:
    scan = GREY[GREY.index(b"\xff\xda") : -2]
    with pytest.raises(ImageError, match="scans"):
        check_picture(GREY[:-2] + scan * 70 + GREY[-2:])
    check_picture(GREY)


@pytest.mark.parametrize("segment", [ROWS[:-2], b"", b"\x80" * 100], ids=["short", "empty", "nothing"])
def test_an_rle_segment_that_is_too_short_is_refused(segment: bytes) -> None:
    assert refused(rle(segment), RLELossless) == "truncated"


def test_an_rle_segment_that_never_ends_is_left_early() -> None:
    assert refused(rle(ROWS * 1000), RLELossless) == "too_large"


def test_fragments_become_one_frame() -> None:
    assert frame_of(encapsulate([GREY], fragments_per_frame=5)).rstrip(b"\0") == GREY.rstrip(b"\0")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "truncated"), (encapsulate([b"ab"])[:8], "truncated"), (encapsulate([GREY, GREY]), "multi_frame"),
        (b"x" * 99, "truncated"),
    ],
    ids=["nothing", "only a table", "two frames", "noise"],
)  # fmt: skip
def test_what_is_not_one_frame_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(ImageError) as caught:
        frame_of(data)
    assert caught.value.code == code


def test_noise_is_refused_whatever_it_is_said_to_be() -> None:
    drawn = np.random.default_rng(0)
    for syntax in (JPEGBaseline8Bit, JPEG2000Lossless, RLELossless):
        for _ in range(50):
            assert refused(drawn.bytes(300), syntax) in ("truncated", "too_large")
