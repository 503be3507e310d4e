"""One picture of a source, decoded once: a film without a header, the same pixels in a training size, and a fingerprint."""

from __future__ import annotations

import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_code.data.duplicates import with_mirrored
from model_code.data.images import LIMITS, Pixels, decode
from model_code.data.plain_png import plain_png
from model_code.data.transforms import to_model_input
from model_code.errors import ImageError

Stored = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Converted:
    """A picture as the data set has it."""

    film: bytes
    """A PNG."""
    small: NDArray[np.uint8]
    """(channels, side, side), exactly what ``to_model_input`` makes of that PNG."""
    pixels: str
    """SHA-256 of the film's pixels, however they are encoded."""
    fingerprint: bytes
    """Of the picture and of its mirror image."""


def convert(path: Path, *, side: int, channels: int) -> Converted:
    """Decodes a picture; what its header says stays behind.

    Raises:
        ImageError: it is not there or cannot be read; the text holds nothing of its content.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(LIMITS.max_bytes + 1)
    except (FileNotFoundError, ValueError):  # ValueError: no file can have this name
        raise ImageError("missing", "the table names this picture, but it is not there") from None
    except OSError as error:
        raise ImageError("unreadable", f"the file cannot be opened ({error.strerror})") from None
    decoded = decode(data).pixels
    grey = decoded.ndim == 2
    stored = _stored(decoded if grey or channels == 3 else decoded.mean(axis=2))
    small = to_model_input(stored.astype(np.float32) / np.float32(np.iinfo(stored.dtype).max), side, channels)
    film = (plain_png(data, grey=grey) if grey or channels == 3 else None) or _png(stored)
    pixels = hashlib.sha256(f"{stored.shape} {stored.dtype} ".encode() + stored.tobytes()).hexdigest()
    return Converted(film, small, pixels, with_mirrored(small))


def _stored(pixels: Pixels) -> Stored:
    """The smallest whole numbers that lose nothing: 8 bits where the picture has no more (and for colour), else 16."""
    eight = np.round(pixels * 255).astype(np.uint8)
    if pixels.ndim == 3 or float(np.abs(pixels - eight.astype(np.float32) / np.float32(255)).max()) < 1e-6:
        return eight
    return np.round(pixels * 65535).astype(np.uint16)


def _png(stored: Stored) -> bytes:
    """By run lengths only: films are noise on black, for which zlib's search takes half the time again and makes more bytes."""
    buffer = io.BytesIO()
    Image.fromarray(stored).save(buffer, format="PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return buffer.getvalue()
