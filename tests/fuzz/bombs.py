"""Small files that ask for much: memory, time, depth, frames. Each is to be refused, by a limit and not by luck."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)  # fmt: skip

from tests.films import dicom, jpeg, ramp

SIDE = 512


def bombs() -> dict[str, bytes]:
    """By what they do."""
    return {**_pictures(), **_headers(), **_streams()}


def _pictures() -> dict[str, bytes]:
    grey = jpeg(ramp(8))
    frame = grey.index(b"\xff\xc0")
    scan = grey.index(b"\xff\xda")
    return {
        "PNG 65535 x 65535": png_of(65535, 65535, b""),
        "PNG whose text unpacks to half a GB": png_of(64, 64, b"", (b"zTXt", b"k\0\0" + _inflates(2**29))),
        "PNG whose profile unpacks to half a GB": png_of(64, 64, b"", (b"iCCP", b"k\0\0" + _inflates(2**29))),
        "PNG with pixel data in excess": png_of(64, 64, _inflates(2**29)),
        "JPEG 65535 x 65535": grey[: frame + 5] + b"\xff\xff\xff\xff" + grey[frame + 9 :],
        "JPEG of 5,000 scans": grey[:-2] + grey[scan:-2] * 5000 + grey[-2:],
        "JPEG of two frames": grey[:scan] + grey[frame:],
    }


def _headers() -> dict[str, bytes]:
    film = dicom(ramp(12), BitsStored=12)
    end = film.index(b"\xe0\x7f\x10\x00")
    head, pixels = film[:end], film[end:]
    tiny = b"".join(struct.pack("<HH2sH", 0x0029, 0x1000 + i % 0xE000, b"UL", 0) for i in range(50_000)) * 20
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 4_000_000
    nested = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 200_000
    return {
        "a million elements": head + tiny + pixels,
        "a sequence of four million items": head + b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff" + items + pixels,
        "four million items of a table": head + b"\x28\x00\x10\x30SQ\0\0" + struct.pack("<I", len(items)) + items + pixels,
        "a sequence nested 200,000 deep": head + nested + pixels,
        "an element that says 4 GB": head + b"\x29\x00\x10\x10OB\0\0" + struct.pack("<I", 0xFFFFFFF0) + pixels,
        "ten million window centres": dicom_of(ImplicitVRLittleEndian, (0x0028, 0x1050, b"1\\" * 10_000_000)),
        "ten million rows": dicom_of(ImplicitVRLittleEndian, (0x0028, 0x0010, b"\1\0" * 10_000_000)),
        "10,000 frames": dicom(ramp(12), NumberOfFrames=10_000),
        "2,000,000,000 frames": dicom(ramp(12), NumberOfFrames=2_000_000_000),
        "deflated zeros": deflated(2**29),
        "deflated behind a long preface": deflated(2**29, preface=4000),
        "65535 x 65535": dicom(ramp(12), Rows=65535, Columns=65535),
    }


def _streams() -> dict[str, bytes]:
    runs = b"\x81\x00" * 8_000_000
    rle = struct.pack("<16I", 1, 64, *[0] * 14) + runs
    small = jpeg(ramp(8, SIDE))
    frame = small.index(b"\xff\xc0")
    lossless = b"\xff\xd8\xff\xf7\0\x0b\x08\xff\xff\xff\xff\1\1\x11\0\xff\xda\0\x08\1\1\0\0\0\0" + bytes(100) + b"\xff\xd9"
    return {
        "RLE of a gigabyte": film_of(RLELossless, rle),
        "RLE of nothing at all": film_of(RLELossless, struct.pack("<16I", 1, 64, *[0] * 14) + b"\x80" * 30_000_000),
        "JPEG stream of 65500 x 65500": film_of(JPEGBaseline8Bit, small[: frame + 5] + b"\xff\xdc\xff\xdc" + small[frame + 9 :]),
        "JPEG-LS stream of 65535 x 65535": film_of(JPEGLSLossless, lossless),
        "JPEG 2000 stream of 65535 x 65535": film_of(JPEG2000Lossless, j2k(65535, 65535)),
        "JPEG 2000 stream of a million tiles": film_of(JPEG2000Lossless, j2k(SIDE, SIDE, tile=(1, 1))),
        "JPEG 2000 stream of 16,384 components": film_of(JPEG2000Lossless, j2k(SIDE, SIDE, samples=16384)),
        "JPEG 2000 stream of 65,535 layers": film_of(JPEG2000Lossless, j2k(SIDE, SIDE, layers=65535, precinct=0)),
        "JP2 box without an end": film_of(JPEG2000Lossless, b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(400)),
        "two million fragments": film_of(JPEG2000Lossless, b"", fragments=2_000_000),
        "a table of 100,000 frames": film_of(JPEGBaseline8Bit, small, offsets=bytes(400_000)),
    }


def _inflates(size: int) -> bytes:
    """A small part of ``size`` bytes that unpacks to so many zeros."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 15)
    piece, packed = bytes(2**24), []
    for _ in range(size // len(piece)):
        packed.append(packer.compress(piece))
    return b"".join(packed) + packer.flush()


def png_of(width: int, height: int, data: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data or zlib.compress(bytes(65 * 64))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def dicom_of(syntax: UID, element: tuple[int, int, bytes]) -> bytes:
    """A film in implicit VR with one raw element in place of its own."""
    group, number, value = element
    film = dicom(ramp(12), syntax=syntax, WindowCenter=1, WindowWidth=1)
    place = film.index(struct.pack("<HH", group, number), 200)
    (length,) = struct.unpack_from("<I", film, place + 4)
    return film[: place + 4] + struct.pack("<I", len(value)) + value + film[place + 8 + length :]


def deflated(size: int, preface: int = 0) -> bytes:
    """A deflated data set that unpacks to ``size`` zeros; a private element of the preface pushes its syntax back."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    plain = bytes(ExplicitVRLittleEndian.encode())
    head = buffer.getvalue()
    new = bytes(DeflatedExplicitVRLittleEndian.encode())  # odd with its padding: two bytes longer
    new += b"\0" * (len(new) % 2)
    at = head.index(plain)
    old = struct.unpack_from("<H", head, at - 2)[0]
    head = head[: at - 2] + struct.pack("<H", len(new)) + new + head[at + old :]
    if preface:
        at = head.index(b"\x02\x00\x02\x00")
        head = head[:at] + struct.pack("<HH2sHI", 2, 1, b"OB", 0, preface) + bytes(preface) + head[at:]
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return head + b"".join(packer.compress(bytes(2**24)) for _ in range(size // 2**24)) + packer.flush()


def film_of(syntax: UID, stream: bytes, *, fragments: int = 1, offsets: bytes = b"") -> bytes:
    """A film of 512 x 512 whose pixel data are this stream."""
    film: dict[str, Any] = {"PixelData": encapsulate([stream or b"\0\0"])}
    data = dicom(np.zeros((SIDE, SIDE), np.uint8), syntax=syntax, **film)
    item = b"\xfe\xff\x00\xe0"
    if fragments > 1:
        data = data[: data.index(item)] + item + bytes(4) + (item + bytes(4)) * fragments + b"\xfe\xff\xdd\xe0\0\0\0\0"
    if offsets:
        at = data.index(item)
        length = struct.unpack_from("<I", data, at + 4)[0]
        data = data[: at + 4] + struct.pack("<I", len(offsets)) + offsets + data[at + 8 + length :]
    return data


def j2k(
    width: int, height: int, *, tile: tuple[int, int] = (0, 0), samples: int = 1, layers: int = 1, precinct: int | None = None
) -> bytes:
    """The headers of a JPEG 2000 codestream, and an empty tile."""
    across, down = tile[0] or width, tile[1] or height
    size = struct.pack(">H8IH", 0, width, height, 0, 0, across, down, 0, 0, samples) + b"\x07\1\1" * samples
    own = bytes([precinct * 17]) * 6 if precinct is not None else b""
    coding = struct.pack(">BBHB5B", int(bool(own)), 0, layers, 0, 5, 4, 4, 0, 1) + own
    quantization = b"\x40" + bytes(16)
    parts = ((0x51, size), (0x52, coding), (0x5C, quantization))
    head = b"".join(struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body for kind, body in parts)
    return b"\xff\x4f" + head + struct.pack(">BBHHIBB", 0xFF, 0x90, 10, 0, 0, 0, 1) + b"\xff\x93" + bytes(64) + b"\xff\xd9"
