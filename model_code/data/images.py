"""From bytes to pixels: DICOM, PNG and JPEG into one declared range, with limits that hold before anything is decoded.

The one place that decodes. The result is float32 in [0, 1], 0 black and 1 white, white where the beam was absorbed
(MONOCHROME2). Order for DICOM (PS3.3 C.11 and C.7.6.3): modality LUT or rescale, VOI LUT or window, MONOCHROME1 inverted.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from pydicom.errors import InvalidDicomError
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_windowing
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from model_code.errors import ImageError

Pixels = NDArray[np.float32]
"""(rows, columns) or (rows, columns, 3), float32 in [0, 1]."""


@dataclass(frozen=True)
class Limits:
    """What is refused before decoding. The largest detectors in use make about 18 million pixels of 2 bytes."""

    max_bytes: int = 64 * 2**20
    max_pixels: int = 40_000_000
    min_side: int = 32


@dataclass(frozen=True)
class DecodedImage:
    """Pixels, and the little about the picture that may leave with a Reading (nothing of the header that names anybody)."""

    pixels: Pixels
    photometric: str
    sha256: str

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
        pixels, photometric = reader(data, limits)
    if not np.isfinite(pixels).all():
        raise ImageError("unsupported", "the pixel values are not finite numbers after the file's own rescale")
    return DecodedImage(_collapse_grey(pixels), photometric, hashlib.sha256(data).hexdigest())


def _reader_for(data: bytes) -> Callable[[bytes, Limits], tuple[Pixels, str]]:
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return _read_picture
    # a DICOM file without its preamble starts with a low group number, little or big endian
    if data[128:132] == b"DICM" or data[:2] in (b"\x08\x00", b"\x00\x08", b"\x02\x00"):
        return _read_dicom
    raise ImageError("not_an_image", "the file is neither DICOM nor PNG nor JPEG")


def _check_size(rows: int, columns: int, limits: Limits) -> None:
    if rows * columns > limits.max_pixels:
        raise ImageError("too_large", f"the image has {rows} x {columns} pixels; at most {limits.max_pixels:,} are read")
    if min(rows, columns) < limits.min_side:
        raise ImageError("too_small", f"the image has {rows} x {columns} pixels; each side needs at least {limits.min_side}")


def _collapse_grey(pixels: Pixels) -> Pixels:
    """A colour image whose channels agree is a grey one (scanners and converters write films as RGB)."""
    if pixels.ndim == 3 and float(np.ptp(pixels, axis=2).max()) < 2 / 255:
        return np.ascontiguousarray(pixels.mean(axis=2, dtype=np.float32))
    return pixels


# --- PNG and JPEG -----------------------------------------------------------------------------------------------------


def _read_picture(data: bytes, limits: Limits) -> tuple[Pixels, str]:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            _check_size(picture.height, picture.width, limits)
            if getattr(picture, "n_frames", 1) != 1:
                raise ImageError("multi_frame", "the picture is animated; send one frame a file")
            picture.load()
            return _picture_pixels(picture)
    except UnidentifiedImageError as error:
        raise ImageError("truncated", "the picture's header is damaged or cut short") from error
    except Image.DecompressionBombError as error:
        raise ImageError("too_large", f"the picture declares more than the {limits.max_pixels:,} pixels that are read") from error
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError) as error:  # Pillow's types for broken data
        raise ImageError("truncated", "the picture's data are damaged or cut short") from error


def _picture_pixels(picture: Image.Image) -> tuple[Pixels, str]:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I"):  # 16 bit grey
        return np.asarray(upright, np.float32) / np.float32(65535), "MONOCHROME2"
    if upright.mode in ("1", "L", "LA"):
        return np.asarray(upright.convert("L"), np.float32) / np.float32(255), "MONOCHROME2"
    return np.asarray(upright.convert("RGB"), np.float32) / np.float32(255), "RGB"


# --- DICOM ------------------------------------------------------------------------------------------------------------


def _read_dicom(data: bytes, limits: Limits) -> tuple[Pixels, str]:
    if DeflatedExplicitVRLittleEndian.encode() in data[128:2048]:
        # its header would be inflated without a bound before any limit could be checked
        raise ImageError(
            "unsupported", "the deflated DICOM transfer syntax is not read; store the file uncompressed or as JPEG 2000"
        )
    try:
        dataset = pydicom.dcmread(io.BytesIO(data), force=data[128:132] != b"DICM")
        _check_header(dataset, limits)
        return _dicom_pixels(dataset)
    except ImageError:
        raise
    except InvalidDicomError as error:
        raise ImageError("not_an_image", "the file is not DICOM, though it begins like one") from error
    except MemoryError as error:
        raise ImageError("too_large", "the image does not fit into memory") from error
    except Exception as error:
        # pydicom and the codecs raise nearly any type for damaged data, and quote the data: neither may pass on
        raise ImageError("truncated", f"the DICOM data are damaged or cut short ({type(error).__name__})") from error


def _check_header(dataset: pydicom.Dataset, limits: Limits) -> None:
    if "PixelData" not in dataset:
        raise ImageError("no_pixels", "the DICOM file holds no image (a report, a plan or only a header)")
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames != 1:
        raise ImageError("multi_frame", f"the DICOM file holds {frames} frames; send one film a file")
    bits = int(dataset.BitsStored)
    if not 8 <= bits <= 16:
        raise ImageError("unsupported", f"the film stores {bits} bits a pixel; 8 to 16 are read")
    if len(dataset.PixelData) == 0:
        raise ImageError("truncated", "the DICOM file's image is empty")
    _check_size(int(dataset.Rows), int(dataset.Columns), limits)


def _dicom_pixels(dataset: pydicom.Dataset) -> tuple[Pixels, str]:
    if not hasattr(dataset, "file_meta") or "TransferSyntaxUID" not in dataset.file_meta:
        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2" if dataset.original_encoding[0] else "1.2.840.10008.1.2.1")
    photometric = str(dataset.PhotometricInterpretation)
    stored = dataset.pixel_array
    if photometric == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
        return np.asarray(stored, np.float32) / np.float32(np.iinfo(stored.dtype).max), photometric
    if stored.ndim == 3:  # pydicom has turned YBR into RGB
        return np.asarray(stored, np.float32) / np.float32(2 ** int(dataset.BitsStored) - 1), photometric
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageError(
            "unsupported", "the DICOM photometric interpretation is not one of MONOCHROME1/2, RGB, YBR or PALETTE COLOR"
        )
    values = apply_modality_lut(stored, dataset)
    low, high = float(values.min()), float(values.max())
    if dataset.get("VOILUTSequence"):
        values, low, high = _through_voi_lut(values, dataset)
    elif None not in (dataset.get("WindowCenter"), dataset.get("WindowWidth")):
        low, high = _presented_range(dataset)
        values = apply_windowing(values, dataset)
    scaled = (np.asarray(values, np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-6))
    scaled = np.asarray(np.clip(scaled, 0, 1), np.float32)
    return (np.float32(1) - scaled if photometric == "MONOCHROME1" else scaled), photometric


def _through_voi_lut(values: NDArray[Any], dataset: pydicom.Dataset) -> tuple[NDArray[Any], float, float]:
    """Values through the first VOI LUT (PS3.3 C.11.2.1.1), and the range of its table.

    pydicom's own function keeps indices in the type of the table's entries, where those of a long 8 bit table wrap around.
    """
    lut = dataset.VOILUTSequence[0]
    entries, first, bits = lut.LUTDescriptor
    table = np.asarray(lut.LUTData)
    if isinstance(lut.LUTData, bytes):
        packed = bits == 8 and len(lut.LUTData) < 2 * (entries or 2**16)
        word = "<u2" if dataset.original_encoding[1] else ">u2"
        table = np.frombuffer(lut.LUTData, np.uint8 if packed else word)
    table = table[: entries or 2**16]
    index = np.clip(np.asarray(values, np.float64) - first, 0, len(table) - 1).astype(np.intp)
    return table[index], float(table.min()), float(table.max())


def _presented_range(dataset: pydicom.Dataset) -> tuple[float, float]:
    """The range that the window presents: what it makes of values far below and far above itself."""
    ends = apply_windowing(np.array([-(2**30), 2**30], np.int32), dataset)
    low, high = sorted(float(end) for end in ends)
    return low, high
