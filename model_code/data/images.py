"""From bytes to pixels: DICOM, PNG and JPEG into one declared range, with limits that hold before anything is decoded.

The one place that decodes. The result is float32 in [0, 1], 0 black and 1 white, white where the beam was absorbed
(MONOCHROME2). Order for DICOM (PS3.3 C.11 and C.7.6.3): modality LUT or rescale, VOI LUT or window, MONOCHROME1 inverted.
"""

from __future__ import annotations

import hashlib
import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from pydicom.encaps import encapsulate
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_windowing
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from model_code.data import codestreams
from model_code.data.declared import Declared, declared
from model_code.errors import ImageError

# it logs what it mends and what codecs complain of, and quotes header values in that
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

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

ROWS_AT_A_TIME: Final = 16
"""Of a film, when its values are looked up: the indices, of 8 bytes each, then stay in the processor's cache."""


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
        pixels, photometric, says = reader(data, limits)
    if not np.isfinite(pixels).all():
        raise ImageError("unsupported", "the pixel values are not finite numbers after the file's own rescale")
    return DecodedImage(_collapse_grey(pixels), photometric, hashlib.sha256(data).hexdigest(), says)


def _reader_for(data: bytes) -> Callable[[bytes, Limits], tuple[Pixels, str, Declared | None]]:
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
    if pixels.ndim == 2:
        return pixels
    red, green, blue = np.moveaxis(pixels, 2, 0)
    # one pair at a time: much faster than a range over the short axis, and a colour image shows itself at the first pair
    if all(float(np.abs(one - other).max()) < 2 / 255 for one, other in ((red, green), (green, blue), (red, blue))):
        return np.asarray((red + green + blue) / np.float32(3), np.float32)
    return pixels


# --- PNG and JPEG -----------------------------------------------------------------------------------------------------


def _read_picture(data: bytes, limits: Limits) -> tuple[Pixels, str, None]:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            _check_size(picture.height, picture.width, limits)
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
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I"):  # 16 bit grey
        return np.asarray(upright, np.float32) / np.float32(65535), "MONOCHROME2"
    if upright.mode in ("1", "L", "LA"):
        return np.asarray(upright.convert("L"), np.float32) / np.float32(255), "MONOCHROME2"
    return np.asarray(upright.convert("RGB"), np.float32) / np.float32(255), "RGB"


# --- DICOM ------------------------------------------------------------------------------------------------------------


def _read_dicom(data: bytes, limits: Limits) -> tuple[Pixels, str, Declared | None]:
    try:
        file = _Counted(data, limits.max_reads)
        bare = data[128:132] != b"DICM"
        file.seek(0 if bare else 132)
        meta = read_dataset(file, False, True, stop_when=lambda tag, *_: tag.group != 2)
        if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            # its header would be inflated without a bound before any limit could be checked
            raise ImageError(
                "unsupported", "the deflated DICOM transfer syntax is not read; store the file uncompressed or as JPEG 2000"
            )
        file.seek(0)
        dataset = pydicom.dcmread(file, force=bare)
        _check_header(dataset, limits)
        _check_pixel_data(dataset)
        return (*_dicom_pixels(dataset), declared(dataset))
    except ImageError:
        raise
    except InvalidDicomError as error:
        raise ImageError("not_an_image", "the file is not DICOM, though it begins like one") from error
    except MemoryError as error:
        raise ImageError("too_large", "the image does not fit into memory") from error
    except Exception as error:
        # pydicom and the codecs raise nearly any type for damaged data, and quote the data: neither may pass on
        raise ImageError("truncated", f"the DICOM data are damaged or cut short ({type(error).__name__})") from error


class _Counted(io.BytesIO):
    """A file that can be read from a limited number of times, so that a header of a million elements has an end."""

    def __init__(self, data: bytes, reads: int) -> None:
        super().__init__(data)
        self._left = reads

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ImageError("too_large", "the DICOM header has far more elements than a film needs")
        return super().read(size)


def _check_header(dataset: pydicom.Dataset, limits: Limits) -> None:
    for tag in dataset.keys():  # noqa: SIM118  the data set itself gives converted elements
        # private ones, overlays and the like are never looked into
        if tag.group < 0x0088 and not tag.is_private and _length(dataset, tag) > limits.max_element:
            raise ImageError("too_large", f"an element of the DICOM header has over {limits.max_element:,} bytes")
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


def _length(dataset: pydicom.Dataset, tag: BaseTag) -> int:
    value = dataset.get_item(tag).value
    return len(value) if isinstance(value, bytes) else 0


def _check_pixel_data(dataset: pydicom.Dataset) -> None:
    """Compressed pixel data become exactly the one frame that was looked at."""
    if "TransferSyntaxUID" not in getattr(dataset, "file_meta", ()):
        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if dataset.original_encoding[0] else ExplicitVRLittleEndian
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    if dataset.SamplesPerPixel not in (1, 3) or dataset.BitsAllocated not in (8, 16):
        raise ImageError(
            "unsupported", "the film has other than 1 or 3 samples a pixel, or stores one in other than 8 or 16 bits"
        )
    if dataset.SamplesPerPixel == 3 and dataset.PixelRepresentation != 0:
        raise ImageError("unsupported", "the colour film says that its values have a sign")
    if syntax.is_compressed:
        frame = codestreams.frame_of(dataset.PixelData)
        expected = codestreams.Declared(
            rows=int(dataset.Rows),
            columns=int(dataset.Columns),
            samples=int(dataset.SamplesPerPixel),
            bytes_per_sample=int(dataset.BitsAllocated) // 8,
        )
        codestreams.check_stream(frame, syntax, expected)
        dataset.PixelData = encapsulate([frame])
        for offsets in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
            dataset.pop(offsets, None)


def _dicom_pixels(dataset: pydicom.Dataset) -> tuple[Pixels, str]:
    photometric = str(dataset.PhotometricInterpretation)
    stored = dataset.pixel_array
    if stored.shape[:2] != (dataset.Rows, dataset.Columns):  # pydicom takes what is left over for further frames
        raise ImageError(
            "multi_frame", "the pixel data hold more than the one frame that the header declares; send one film a file"
        )
    if photometric == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)[..., :3]  # a fourth would be transparency
        return np.asarray(stored, np.float32) / np.float32(np.iinfo(stored.dtype).max), photometric
    if stored.ndim == 3:  # pydicom has turned YBR into RGB
        scaled = np.asarray(stored, np.float32) / np.float32(2 ** int(dataset.BitsStored) - 1)
        return np.minimum(scaled, np.float32(1), out=scaled), photometric  # codecs may give more bits than are stored
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageError(
            "unsupported", "the DICOM photometric interpretation is not one of MONOCHROME1/2, RGB, YBR or PALETTE COLOR"
        )
    # whatever the header makes of a value it makes of it everywhere: it is worked out once for each of at most 2 ** 16 values
    lowest = int(stored.min())
    table = _presented(np.arange(lowest, int(stored.max()) + 1).astype(stored.dtype), dataset)
    table = np.float32(1) - table if photometric == "MONOCHROME1" else table
    pixels = np.empty(stored.shape, np.float32)
    for start in range(0, len(stored), ROWS_AT_A_TIME):
        index = stored[start : start + ROWS_AT_A_TIME].astype(np.intp)
        index -= lowest
        np.take(table, index, mode="clip", out=pixels[start : start + ROWS_AT_A_TIME])
    return pixels, photometric


def _presented(values: NDArray[Any], dataset: pydicom.Dataset) -> NDArray[np.float32]:
    """Stored values, of any shape and from the film's lowest to its highest, as [0, 1] before any inversion."""
    values = apply_modality_lut(values, dataset)
    low, high = float(values.min()), float(values.max())
    if dataset.get("VOILUTSequence"):
        values, low, high = _through_voi_lut(values, dataset)
    elif None not in (dataset.get("WindowCenter"), dataset.get("WindowWidth")):
        low, high = _presented_range(dataset)
        values = apply_windowing(values, dataset)
    scaled = (np.asarray(values, np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-6))
    return np.asarray(np.clip(scaled, 0, 1), np.float32)


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
