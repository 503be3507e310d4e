"""Makes a DICOM film smaller without changing a pixel: JPEG 2000, reversible (PS3.5 A.4.4). Needs pydicom."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pydicom
from pydicom.uid import JPEG2000Lossless

from model_code.errors import ImageError


def recompressed(film: bytes) -> bytes:
    """The same film, its stored pixel values bit for bit and its header as they were, under a reversible compression.

    Raises:
        ImageError: it is no DICOM film, or one that cannot be compressed so (code ``unsupported``).
    """
    with warnings.catch_warnings():
        # what pydicom warns about it mends by itself, and its texts can quote header values
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(io.BytesIO(film))
            if dataset.file_meta.TransferSyntaxUID.is_compressed:
                dataset.decompress(generate_instance_uid=False)
            stored = dataset.pixel_array.copy()
            dataset.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
            packed = io.BytesIO()
            dataset.save_as(packed)
            again = pydicom.dcmread(io.BytesIO(packed.getvalue())).pixel_array
        except Exception as error:
            raise ImageError("unsupported", f"the film cannot be compressed without loss ({type(error).__name__})") from error
    if not np.array_equal(stored, again):
        raise ImageError("unsupported", "the film did not come back from compression as it was")
    return packed.getvalue()
