"""Films for tests: the real ones that pydicom-data brings, and small files written on the spot."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

PLANTED = {"PatientName": "Zebra^Quagga", "PatientID": "MRN-4711-XYZ", "InstitutionName": "Okapi General"}
"""What a header must never leak, in words that occur nowhere else."""


def planted_in(content: str | bytes) -> list[str]:
    """The planted words that occur in a text."""
    text = content if isinstance(content, str) else content.decode("latin-1")
    return [word for value in PLANTED.values() for word in (value, *value.split("^")) if word in text]


def real_film(name: str) -> bytes:
    """A file of pydicom-data, from the installed package (pydicom's own look-up may ask the network)."""
    package = importlib.util.find_spec("data_store")
    assert package is not None and package.submodule_search_locations, "pydicom-data is not installed"
    return (Path(package.submodule_search_locations[0]) / "data" / name).read_bytes()


def png(picture: NDArray[Any] | Image.Image, **options: Any) -> bytes:
    return _encoded(picture, "PNG", **options)


def jpeg(picture: NDArray[Any] | Image.Image, **options: Any) -> bytes:
    return _encoded(picture, "JPEG", quality=95, **options)


def _encoded(picture: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(buffer, format=kind, **options)
    return buffer.getvalue()


def dicom(stored: NDArray[Any] | None, *, syntax: UID = ExplicitVRLittleEndian, **elements: Any) -> bytes:
    """A DICOM file of these stored values (rows, columns) or (rows, columns, 3), with planted names in its header.

    ``elements`` are set last: they override, or add, any header element by its keyword.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    for keyword, value in PLANTED.items():
        setattr(dataset, keyword, value)
    if stored is not None:
        dataset.Rows, dataset.Columns = stored.shape[:2]
        dataset.SamplesPerPixel = 3 if stored.ndim == 3 else 1
        dataset.PhotometricInterpretation = "RGB" if stored.ndim == 3 else "MONOCHROME2"
        dataset.PixelRepresentation = int(stored.dtype.kind == "i")
        dataset.BitsAllocated = dataset.BitsStored = stored.dtype.itemsize * 8
        if stored.ndim == 3:
            dataset.PlanarConfiguration = 0
        dataset.PixelData = stored.tobytes()
        dataset["PixelData"].VR = "OW" if stored.dtype.itemsize > 1 else "OB"
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    if "BitsStored" in dataset:
        dataset.HighBit = dataset.BitsStored - 1
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def ramp(bits: int, side: int = 64) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """A film whose values run from 0 to the largest of that many bits, left to right."""
    values = np.round(np.linspace(0, 2**bits - 1, side)).astype(np.uint16 if bits > 8 else np.uint8)
    return np.tile(values, (side, 1))
