"""From bytes to pixels: DICOM, PNG and JPEG into one declared range, with limits that hold before anything is decoded.

The one place that decodes. The result is float32 in [0, 1], 0 black and 1 white, white where the beam was absorbed
(MONOCHROME2). Order for DICOM (PS3.3 C.11 and C.7.6.3): modality LUT or rescale, VOI LUT or window, MONOCHROME1 inverted.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from model_code.data import codestreams
from model_code.data.declared import Declared
from model_code.errors import ImageError

Pixels = NDArray[np.float32]
"""(rows, columns) or (rows, columns, 3), float32 in [0, 1]."""


@dataclass(frozen=True)
class Limits:
    """What is refused before decoding. The largest detectors in use make about 18 million pixels of 2 bytes."""

    max_bytes: int = 64 * 2**20
    max_pixels: int = 40_000_000
    min_side: int = 32
    max_reads: int = 100_000
    """Of a DICOM header: an element takes two or three, and becomes objects of about 1,000 bytes. A film has some hundreds."""
    max_element: int = 2**20
    """Bytes of one public element beside the pixels; the longest that a film needs, a table, has 128 KB."""
    max_memory: int = 1536 * 2**20
    """Bytes that decoding may take at its peak beyond the file's own; what the other limits add up to, as tests measure it."""


@dataclass(frozen=True)
class DecodedImage:
    """Pixels, and the little about the picture that may leave with a Reading (nothing of the header that names anybody)."""

    pixels: Pixels
    photometric: str
    sha256: str
    declared: Declared | None = None
    """What the file's header rules a frontal chest film out with."""

    @property
    def rows(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def columns(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def is_colour(self) -> bool:
        return self.pixels.ndim == 3


LIMITS: Final = Limits()


def decode(data: bytes, limits: Limits = LIMITS) -> DecodedImage:
    """Decodes one film.

    Args:
        data: the whole file: DICOM (8 to 16 bit, one frame, any transfer syntax that pydicom and pylibjpeg read), PNG or JPEG.
        limits: what to refuse before decoding.

    Raises:
        ImageError: with code ``empty``, ``too_large``, ``too_small``, ``not_an_image``, ``truncated``, ``multi_frame``,
            ``no_pixels`` or ``unsupported``; its text holds nothing of the file's content.
    """
    if not data:
        raise ImageError("empty", "the file holds no bytes; send a DICOM, PNG or JPEG file")
    if len(data) > limits.max_bytes:
        raise ImageError("too_large", f"the file has {len(data):,} bytes; at most {limits.max_bytes:,} are read")
    reader = _reader_for(data)
    with warnings.catch_warnings():
        # pydicom and Pillow warn about what they mend by themselves; their texts can quote header values, so none is passed on
        warnings.simplefilter("ignore")
        with ThreadPoolExecutor(1) as beside:  # for a DICOM film the sum takes as long as decoding
            digest = beside.submit(hashlib.sha256, data)
            pixels, photometric, says = reader(data, limits)
    return DecodedImage(_collapse_grey(pixels), photometric, digest.result().hexdigest(), says)


def _reader_for(data: bytes) -> Callable[[bytes, Limits], tuple[Pixels, str, Declared | None]]:
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return _read_picture
    # a DICOM file without its preamble starts with a low group number, little or big endian
    if data[128:132] == b"DICM" or data[:2] in (b"\x08\x00", b"\x00\x08", b"\x02\x00"):
        from model_code.data.dicom_pixels import read_dicom  # takes long to load

        return read_dicom
    raise ImageError("not_an_image", "the file is neither DICOM nor PNG nor JPEG")


def check_size(rows: int, columns: int, limits: Limits) -> None:
    if rows * columns > limits.max_pixels:
        raise ImageError("too_large", f"the image has {rows} x {columns} pixels; at most {limits.max_pixels:,} are read")
    if min(rows, columns) < limits.min_side:
        raise ImageError("too_small", f"the image has {rows} x {columns} pixels; each side needs at least {limits.min_side}")


def _collapse_grey(pixels: Pixels) -> Pixels:
    """A colour image whose channels agree is a grey one (scanners and converters write films as RGB)."""
    if pixels.ndim == 2:
        return pixels
    red, green, blue = np.moveaxis(pixels, 2, 0)
    # one pair at a time: much faster than a range over the short axis, and a colour image shows itself at the first pair
    if all(float(np.abs(one - other).max()) < 2 / 255 for one, other in ((red, green), (green, blue), (red, blue))):
        return np.asarray((red + green + blue) / np.float32(3), np.float32)
    return pixels


def _read_picture(data: bytes, limits: Limits) -> tuple[Pixels, str, None]:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            check_size(picture.height, picture.width, limits)
            if getattr(picture, "n_frames", 1) != 1:
                raise ImageError("multi_frame", "the picture is animated; send one frame a file")
            if picture.format == "JPEG":
                codestreams.check_picture(data)
            picture.load()
            return (*_picture_pixels(picture), None)
    except UnidentifiedImageError as error:
        raise ImageError("truncated", "the picture's header is damaged or cut short") from error
    except Image.DecompressionBombError as error:
        raise ImageError("too_large", f"the picture declares more than the {limits.max_pixels:,} pixels that are read") from error
    except MemoryError as error:
        raise ImageError("too_large", "the image does not fit into memory") from error
    except ImageError:
        raise
    except Exception as error:  # of many types for broken data, whose texts can quote them
        raise ImageError("truncated", "the picture's data are damaged or cut short") from error


def _picture_pixels(picture: Image.Image) -> tuple[Pixels, str]:
    ImageOps.exif_transpose(picture, in_place=True)  # copies nothing where nothing is to be turned
    if picture.mode.startswith("I"):  # 16 bit grey
        return np.asarray(picture, np.float32) / np.float32(65535), "MONOCHROME2"
    if picture.mode in ("1", "L", "LA"):
        return np.asarray(picture if picture.mode == "L" else picture.convert("L"), np.float32) / np.float32(255), "MONOCHROME2"
    return np.asarray(picture.convert("RGB"), np.float32) / np.float32(255), "RGB"
