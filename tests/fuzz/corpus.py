"""Files that fuzzing starts from: every transfer syntax and layout that pydicom's own test files have, and small pictures."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PIL import Image

from tests.films import dicom, jpeg, png, ramp

PIXEL_DATA = b"\xe0\x7f\x10\x00"
LARGEST = 300_000
"""Bytes; smaller files make faster rounds, and larger ones reach no other code."""


@cache
def dicoms() -> dict[str, bytes]:
    """pydicom's test files by name, but the large ones."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    found = (path for path in sorted(folder.glob("*.dcm")) if path.stat().st_size <= LARGEST)
    files = {path.name: path.read_bytes() for path in found}
    return {name: data for name, data in files.items() if data[128:132] == b"DICM" and PIXEL_DATA in data} | _written()


def _written() -> dict[str, bytes]:
    window: dict[str, Any] = {"WindowCenter": 2048, "WindowWidth": 1024, "RescaleSlope": 2, "RescaleIntercept": -10}
    return {"plain": dicom(ramp(12), BitsStored=12), "window": dicom(ramp(12), BitsStored=12, **window)}


@cache
def pictures() -> dict[str, bytes]:
    """Every PNG and JPEG mode that Pillow writes, with chunks of text, a profile and orientation."""
    grey = Image.fromarray(ramp(8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    colour = Image.fromarray(np.dstack([ramp(8), ramp(8)[::-1].T, ramp(8)]))
    frames = io.BytesIO()
    grey.save(frames, "PNG", save_all=True, append_images=[colour.convert("L")])
    return {
        "1": png(grey.convert("1")),
        "L": png(grey),
        "I;16": png(Image.fromarray(ramp(16))),
        "P": png(colour.convert("P"), transparency=0),
        "RGB": png(colour, exif=exif, icc_profile=b"profile" * 20),
        "RGBA": png(colour.convert("RGBA")),
        "animated": frames.getvalue(),
        "jpeg L": jpeg(grey, exif=exif, comment=b"comment"),
        "jpeg RGB": jpeg(colour, icc_profile=b"profile" * 20),
        "jpeg progressive": jpeg(colour, progressive=True, subsampling=2),
        "jpeg CMYK": jpeg(colour.convert("CMYK")),
    }
