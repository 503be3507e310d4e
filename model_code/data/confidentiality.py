"""What may stay in a DICOM header, as a table; whatever is not in it is removed, private and unknown elements included.

DICOM PS3.15 Annex E, Basic Application Level Confidentiality Profile, with two of its options: patients' characteristics (sex
and age, for fairness) stay, and dates are moved rather than removed. The profile lists what to remove; a list of what to keep
is shorter, and it holds for elements that the next edition adds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """What happens to an element; the letters are those of PS3.15 table E.1-1 where it has one."""

    KEEP = "K"
    EMPTY = "Z"
    """Present, as its module demands, with nothing in it."""
    SHIFT = "C"
    """A date, moved by as many days as all dates of the patient."""
    UID = "U"
    """Replaced by another UID, consistently."""
    PATIENT = "D"
    """Replaced by the patient's pseudonym."""
    AGE = "A"
    """Kept up to 89 years; above, 90: the oldest are too few to be told apart (45 CFR 164.514(b)(2)(i)(C))."""
    TABLE = "T"
    """A sequence of look-up tables, of which only the tables stay."""


def _all(action: Action, keywords: str) -> dict[str, Action]:
    return dict.fromkeys(keywords.split(), action)


ATTRIBUTES: Final[dict[str, Action]] = {
    **_all(Action.PATIENT, "PatientName PatientID"),
    **_all(Action.EMPTY, "PatientBirthDate StudyTime AccessionNumber ReferringPhysicianName StudyID"),
    **_all(Action.SHIFT, "StudyDate SeriesDate AcquisitionDate ContentDate"),
    **_all(Action.UID, "StudyInstanceUID SeriesInstanceUID SOPInstanceUID FrameOfReferenceUID"),
    **_all(Action.AGE, "PatientAge"),
    **_all(Action.TABLE, "ModalityLUTSequence VOILUTSequence"),
    # who was examined, how, and with what; drift and fairness are measured by these
    **_all(
        Action.KEEP,
        "PatientSex Modality Manufacturer ManufacturerModelName BodyPartExamined ViewPosition PatientOrientation Laterality "
        "ImageLaterality PatientPosition KVP Exposure ExposureTime XRayTubeCurrent DistanceSourceToDetector "
        "DistanceSourceToPatient DetectorType PresentationIntentType ConversionType ImageType SOPClassUID "
        "SpecificCharacterSet SeriesNumber InstanceNumber",
    ),
    # the picture itself, and how its values become grey
    **_all(
        Action.KEEP,
        "SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns PixelSpacing "
        "ImagerPixelSpacing PixelAspectRatio BitsAllocated BitsStored HighBit PixelRepresentation SmallestImagePixelValue "
        "LargestImagePixelValue PixelPaddingValue PixelPaddingRangeLimit PixelIntensityRelationship "
        "PixelIntensityRelationshipSign RescaleIntercept RescaleSlope RescaleType WindowCenter WindowWidth VOILUTFunction "
        "RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor "
        "RedPaletteColorLookupTableData GreenPaletteColorLookupTableData BluePaletteColorLookupTableData "
        "BurnedInAnnotation LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod PixelData",
    ),
}

OF_A_TABLE: Final = frozenset({"LUTDescriptor", "LUTData", "ModalityLUTType"})
"""Explanations in words do not stay."""

IDENTITY: Final = (
    "PatientName",
    "PatientID",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
    "RequestingPhysician",
)
"""Where names stand. Words of theirs are looked for in what stays: people type names into fields that are not for names."""

METHOD: Final = "Overread: PS3.15 basic profile, allow-list; dates shifted"

METHOD_CODES: Final = {
    "113100": "Basic Application Confidentiality Profile",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
}
"""CID 7050 of PS3.16."""

METHOD_OF_PIXELS: Final = "Overread: text found near the borders painted over"
METHOD_CODES_OF_PIXELS: Final = {"113101": "Clean Pixel Data Option"}
"""Said of films in which text was found; of the others it is not known that they held none."""
