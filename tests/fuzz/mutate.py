"""Alterations of files. Each follows from its generator alone, so that every finding can be made again from its number."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Callable
from typing import Final

from pydicom import Dataset, dcmread

NUMBERS: Final = (0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 127, 128, 255, 256, 4095, 32767, 32768, 65534, 65535)
SETTINGS: Final = (
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel", "PlanarConfiguration",
)  # fmt: skip
TEXTS: Final = {
    "NumberOfFrames": ("0", "-1", "1", "2", "10000", "99999999999", "x"),
    "PhotometricInterpretation": ("MONOCHROME1", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "PALETTE COLOR", "", "ARGB"),
    "WindowCenter": ("nan", "inf", "-inf", "0", "1e308", "-1e308", "", "1\\2\\3", "x"),
    "WindowWidth": ("nan", "inf", "0", "-1", "1e-308", "1e308", "", "1\\2", "x"),
    "RescaleSlope": ("nan", "inf", "0", "-1", "1e308", "1e-308", "", "x"),
    "RescaleIntercept": ("nan", "-inf", "1e308", "", "x"),
    "VOILUTFunction": ("SIGMOID", "LINEAR_EXACT", "CUBIC", "", "\x00"),
    "Modality": ("CT", "", "\\", "é"),
}
"""Attributes of the pixels, with values that stand in no correct file."""


def mutate(data: bytes, seed: int) -> bytes:
    """One to four alterations."""
    random_ = random.Random(seed)
    for _ in range(random_.choice((1, 1, 2, 4))):
        data = random_.choice(KINDS)(data, random_)
    return data


def _flip(data: bytes, random_: random.Random) -> bytes:
    altered = bytearray(data)
    for _ in range(random_.choice((1, 1, 4, 32))):
        if altered:
            altered[random_.randrange(len(altered))] ^= 1 << random_.randrange(8)
    return bytes(altered)


def _number(data: bytes, random_: random.Random) -> bytes:
    """Writes a number that is often a limit, in either byte order, somewhere (often near a marker of a codestream)."""
    width, order = random_.choice((1, 2, 4)), random_.choice(("little", "big"))
    value = int(random_.choice((*NUMBERS, 2**31 - 1, 2**31, 2**32 - 1)) % 256**width)
    place = _place(data, random_)
    number = value.to_bytes(4, "little")[:width]
    return data[:place] + (number if order == "little" else number[::-1]) + data[place + width :]


def _cut(data: bytes, random_: random.Random) -> bytes:
    return data[: _place(data, random_)]


def _drop(data: bytes, random_: random.Random) -> bytes:
    place = _place(data, random_)
    return data[:place] + data[place + random_.choice((1, 2, 8, 100, 5000)) :]


def _double(data: bytes, random_: random.Random) -> bytes:
    place, length = _place(data, random_), random_.choice((1, 2, 8, 100, 5000))
    return data[: place + length] + data[place:]


def _noise(data: bytes, random_: random.Random) -> bytes:
    place, length = _place(data, random_), random_.choice((1, 4, 64, 1000))
    return data[:place] + random_.randbytes(length) + data[place + length :]


def _place(data: bytes, random_: random.Random) -> int:
    """Anywhere, in the first bytes, or shortly after the start of a codestream or of the pixel data."""
    end = max(1, len(data))
    starts = (b"\xff\x4f\xff\x51", b"\xff\xd8\xff", b"IHDR", b"\xe0\x7f\x10\x00")
    found = [data.find(start) for start in starts if start in data]
    if found and random_.random() < 0.6:
        return min(end - 1, random_.choice(found) + random_.randrange(200))
    return random_.randrange(end if random_.random() < 0.5 else min(end, 1000))


def _header(data: bytes, random_: random.Random) -> bytes:
    """Sets attributes of the pixels to values that do not fit; what cannot be parsed stays as it is."""
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(io.BytesIO(data))
            for _ in range(random_.choice((1, 1, 2, 5))):
                _set(dataset, random_)
            dataset.save_as(buffer, implicit_vr=dataset.original_encoding[0], little_endian=dataset.original_encoding[1])
    except Exception:
        return _number(data, random_)
    return buffer.getvalue()


def _set(dataset: Dataset, random_: random.Random) -> None:
    if random_.random() < 0.5:
        keyword = random_.choice(SETTINGS)
        setattr(dataset, keyword, random_.choice(NUMBERS))
    else:
        keyword = random_.choice(list(TEXTS))
        if keyword not in dataset:
            setattr(dataset, keyword, "1" if keyword == "NumberOfFrames" else "")
        # raw, so that nothing is checked on the way into the file
        dataset[keyword]._value = random_.choice(TEXTS[keyword])


KINDS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    _flip, _flip, _number, _number, _cut, _drop, _double, _noise, _header, _header,
)  # fmt: skip
