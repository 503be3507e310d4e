"""A Reading as a picture in the film's study: a secondary capture of the overlay, marked so that nobody takes it for a film."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from model_code import __version__
from model_code.dicom.codes import MEANING_LENGTH
from model_code.dicom.study import instance_number, join_study, own_uid, stamp
from model_code.reading import Reading

SERIES_NUMBER: Final = 9002
BANNER: Final = 48
"""Height of the strip above the picture, in pixels."""
WARNING: Final = "RESEARCH USE ONLY"


def capture_uid(film: str, model: str) -> str:
    """The capture's SOP Instance UID, of the film's and the model's SHA-256."""
    return own_uid("capture", film, model)


def capture(header: Dataset, reading: Reading, picture: Image.Image, *, now: datetime) -> Dataset:
    """The picture as a file's data set, in the study of the film whose ``header`` it is, with a reference to that film."""
    marked = np.asarray(_marked(picture, reading))
    result = Dataset()
    result.file_meta = FileMetaDataset()
    result.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    join_study(result, header)
    stamp(result, header, now)
    result.SOPClassUID = SecondaryCaptureImageStorage
    result.SOPInstanceUID = capture_uid(header.SOPInstanceUID, reading.model.sha256)
    result.SeriesInstanceUID = own_uid("capture series", header.StudyInstanceUID, reading.model.sha256)
    result.SeriesNumber, result.InstanceNumber = SERIES_NUMBER, instance_number(header)
    result.Modality, result.ConversionType = "OT", "WSD"
    result.SeriesDescription = "Overread overlay, research use only"
    result.Manufacturer = "Overread"
    result.ManufacturerModelName = reading.model.name[:MEANING_LENGTH]
    result.SoftwareVersions = [reading.model.version[:MEANING_LENGTH], __version__]
    result.ImageType = ["DERIVED", "SECONDARY"]
    # two pictures of the film and a table have no direction and no side; dciodvfy holds an absent side to be wrong
    result.PatientOrientation = result.Laterality = ""
    result.DerivationDescription = f"{WARNING}: evidence of {reading.model.name} {reading.model.version} laid over the film"[
        :1024
    ]
    result.SourceImageSequence = Sequence([_reference(header)])
    if "BurnedInAnnotation" in header:
        result.BurnedInAnnotation = header.BurnedInAnnotation  # our own marks name nobody
    result.Rows, result.Columns = marked.shape[:2]
    result.SamplesPerPixel, result.PhotometricInterpretation, result.PlanarConfiguration = 3, "RGB", 0
    result.BitsAllocated = result.BitsStored = 8
    result.HighBit, result.PixelRepresentation = 7, 0
    result.PixelData = marked.tobytes() + b"\0" * (marked.size % 2)
    result["PixelData"].VR = "OB"
    return result


def _reference(header: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    return item


def _marked(picture: Image.Image, reading: Reading) -> Image.Image:
    """The picture below a strip that says what it is and what made it."""
    marked = Image.new("RGB", (picture.width, picture.height + BANNER), (176, 32, 32))
    marked.paste(picture.convert("RGB"), (0, BANNER))
    pen = ImageDraw.Draw(marked)
    model = f"Overread {__version__}   model {reading.model.name} {reading.model.version}   {reading.model.sha256[:12]}"
    pen.text((16, BANNER // 2), WARNING, fill="white", font=ImageFont.load_default(26), anchor="lm")
    pen.text((320, BANNER // 2), model, fill="white", font=ImageFont.load_default(18), anchor="lm")
    return marked
