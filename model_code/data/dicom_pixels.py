"""DICOM films to pixels, for ``data.images.decode``; apart from it, since pydicom loads slowly and pictures do without."""

from __future__ import annotations

import io
import logging
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.encaps import encapsulate
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_windowing
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from model_code.data import codestreams
from model_code.data.declared import Declared, declared
from model_code.data.images import Limits, Pixels, check_size
from model_code.errors import ImageError

# it logs what it mends and what codecs complain of, and quotes header values in that
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

PLAIN: Final = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
"""Transfer syntaxes whose pixel data are the values themselves, in the order of this machine's bytes."""
ROWS_AT_A_TIME: Final = 16
"""Of a film, when its values are looked up: the indices, of 8 bytes each, then stay in the processor's cache."""


def read_dicom(data: bytes, limits: Limits) -> tuple[Pixels, str, Declared | None]:
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
        dataset = pydicom.dcmread(file, force=bare, defer_size=limits.max_element)
        _check_header(dataset, limits)
        stored = _plain(dataset, data)
        if stored is None:
            _check_pixel_data(dataset)
            stored = _decoded(dataset)
        return (*_film(stored, dataset), declared(dataset))
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
    if _length(dataset, Tag("PixelData")) == 0:
        raise ImageError("truncated", "the DICOM file's image is empty")
    check_size(int(dataset.Rows), int(dataset.Columns), limits)


def _length(dataset: pydicom.Dataset, tag: BaseTag) -> int:
    element = dataset.get_item(tag, keep_deferred=True)
    if element.value is None and isinstance(element, RawDataElement):  # passed over in reading
        return int(element.length)
    return len(element.value) if isinstance(element.value, bytes) else 0


def _plain(dataset: pydicom.Dataset, data: bytes) -> NDArray[Any] | None:
    """The stored values of an uncompressed grey film where they lie in the file, without a copy; None where it is not so simple.

    Not simple: another byte order, more or fewer bytes than one frame has, or other things in the bits that are not the film's.
    """
    element = dataset.get_item("PixelData", keep_deferred=True)
    syntax = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID")
    if syntax not in PLAIN or not isinstance(element, RawDataElement) or element.value is not None or element.length % 2:
        return None
    bits, signed, shape = int(dataset.BitsAllocated), int(dataset.PixelRepresentation), (int(dataset.Rows), int(dataset.Columns))
    expected = shape[0] * shape[1] * bits // 8
    if dataset.SamplesPerPixel != 1 or bits not in (8, 16) or element.length not in (expected, expected + expected % 2):
        return None
    if element.value_tell + element.length > len(data):
        return None
    stored = np.frombuffer(data, f"<{'iu'[not signed]}{bits // 8}", shape[0] * shape[1], element.value_tell).reshape(shape)
    limit = 2 ** (int(dataset.BitsStored) - signed)
    return stored if -limit * signed <= int(stored.min()) and int(stored.max()) < limit else None


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


def _decoded(dataset: pydicom.Dataset) -> NDArray[Any]:
    """The stored values as pydicom and its codecs read them."""
    dataset.pixel_array_options(view_only=True)  # no copy: nothing here writes to it
    stored = dataset.pixel_array
    if stored.shape[:2] != (dataset.Rows, dataset.Columns):  # pydicom takes what is left over for further frames
        raise ImageError(
            "multi_frame", "the pixel data hold more than the one frame that the header declares; send one film a file"
        )
    return stored


def _film(stored: NDArray[Any], dataset: pydicom.Dataset) -> tuple[Pixels, str]:
    """Stored values to [0, 1] as the header wants them shown."""
    photometric = str(dataset.PhotometricInterpretation)
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
    if not np.isfinite(table).all():
        raise ImageError("unsupported", "the pixel values are not finite numbers after the file's own rescale")
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
    elif function := _window_function(dataset):
        dataset.VOILUTFunction = function  # pydicom does not know what an empty one means
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


def _window_function(dataset: pydicom.Dataset) -> str | None:
    """What the first window is applied by; None where there is none, or none that shows a film (PS3.3 C.11.2.1.2)."""
    center, width = _first(dataset, "WindowCenter"), _first(dataset, "WindowWidth")
    function = str(dataset.get("VOILUTFunction") or "LINEAR").upper()
    valid = width >= 1 if function == "LINEAR" else width > 0 and function in ("LINEAR_EXACT", "SIGMOID")
    return function if valid and np.isfinite((center, width)).all() else None


def _first(dataset: pydicom.Dataset, keyword: str) -> float:
    """The first number of an element; not a number where it is empty."""
    value = dataset.get(keyword)
    value = value[0] if isinstance(value, MultiValue) else value
    return np.nan if value in (None, "") else float(value)


def _presented_range(dataset: pydicom.Dataset) -> tuple[float, float]:
    """The range that the window presents: what it makes of values far below and far above itself."""
    ends = apply_windowing(np.array([-(2**30), 2**30], np.int32), dataset)
    low, high = sorted(float(end) for end in ends)
    return low, high
