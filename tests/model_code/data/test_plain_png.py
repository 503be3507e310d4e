from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from model_code.data.images import decode
from model_code.data.plain_png import plain_png
from tests.films import PLANTED, jpeg, planted_in, png, ramp
from tests.sources import picture


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_text() -> bytes:
    info = PngInfo()
    info.add_text("Patient", PLANTED["PatientName"])
    info.add_itxt("ID", PLANTED["PatientID"])
    return png(ramp(16), pnginfo=info, dpi=(72, 72)) + PLANTED["InstitutionName"].encode()


@pytest.mark.parametrize(
    ("data", "grey"),
    [(png(picture(1)), True), (png(ramp(16)), True), (png(picture(1, channels=3)), False), (with_text(), True)],
    ids=["8", "16", "RGB", "text"],
)
def test_the_pixels_pass_on_and_nothing_else(data: bytes, grey: bool) -> None:
    plain = plain_png(data, grey=grey)
    assert plain is not None and not planted_in(plain)
    np.testing.assert_array_equal(decode(plain).pixels, decode(data).pixels)
    assert plain_png(plain, grey=grey) == plain and plain_png(plain, grey=not grey) is None


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return png(ramp(8), exif=exif)


@pytest.mark.parametrize(
    "data",
    [
        turned(),
        png(Image.fromarray(picture(1)).convert("P")),
        png(Image.fromarray(picture(1)).convert("LA")),
        png(Image.fromarray(picture(1)).convert("1")),
        png(ramp(8), transparency=7),
        jpeg(picture(1)),
        png(ramp(8))[:-20],
        png(ramp(8)).replace(b"IDAT", b"iDAT"),
        png(ramp(8))[:40] + b"\0" + png(ramp(8))[41:],
        b"",
        b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""),
    ],
    ids=[
        "turned",
        "palette",
        "transparent",
        "1 bit",
        "a transparent value",
        "JPEG",
        "cut",
        "strange chunk",
        "wrong sum",
        "empty",
        "bare",
    ],
)
def test_everything_else_has_to_be_encoded_again(data: bytes) -> None:
    assert plain_png(data, grey=True) is None and plain_png(data, grey=False) is None


@pytest.mark.parametrize("keyword", ["XML:com.adobe.xmp", "Raw profile type exif", "exif", "xmp"])
@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
def test_what_can_turn_a_picture_is_never_left_out_of_it(kind: bytes, keyword: str) -> None:
    info = PngInfo()
    if kind == b"iTXt":
        info.add_itxt(keyword, "upright")
    else:
        info.add_text(keyword, "upright", zip=kind == b"zTXt")
    data = png(ramp(8), pnginfo=info)
    assert kind in data
    assert plain_png(data, grey=True) is None


def test_hidden_chunks_never_pass() -> None:
    data = png(ramp(8))
    hidden = data[:33] + chunk(b"prVt", PLANTED["PatientName"].encode()) + data[33:]
    assert plain_png(hidden, grey=True) is None
    assert plain_png(data[:33] + chunk(b"tEXt", b"Zebra") + data[33:], grey=True) == plain_png(data, grey=True)


@given(st.binary(max_size=200), st.integers(0, 300))
def test_damage_never_raises(noise: bytes, at: int) -> None:
    data = png(ramp(8))
    plain_png(noise, grey=True)
    damaged = data[:at] + noise + data[at + len(noise) :]
    taken = plain_png(damaged, grey=True)
    assert taken is None or io.BytesIO(taken).read(8) == data[:8]
