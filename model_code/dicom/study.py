"""The study that results go into: what a film's header gives to them, and the UIDs that they get."""

from __future__ import annotations

import hashlib
import io
import re
import uuid
import warnings
from datetime import datetime, timedelta, timezone
from typing import Final

from pydicom import Dataset, dcmread
from pydicom.uid import UID

from model_code.errors import OverreadError

_OF_PATIENT_AND_STUDY: Final = (
    *("SpecificCharacterSet", "TimezoneOffsetFromUTC"),
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge"),
    *("PatientSize", "PatientWeight", "PatientIdentityRemoved", "DeidentificationMethod"),
    *("DeidentificationMethodCodeSequence", "LongitudinalTemporalInformationModified"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber"),
    *("IssuerOfAccessionNumberSequence", "ReferringPhysicianName"),
)
"""Elements that are one for a whole study (PS3.3 C.7.1 and C.7.2): a PACS refuses, or alters, results that say otherwise."""

_NEVER_MISSING: Final = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)
"""Those that must be there, empty where they are not known (type 2)."""

_IDENTIFYING: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


class NoStudyError(OverreadError):
    """A file that names no study, or in a way that cannot be taken over, so no result of it can be stored."""


def header_of(data: bytes) -> Dataset:
    """The header of a DICOM film.

    Raises:
        NoStudyError: the bytes are not DICOM, name no study and series, or hold no image. The text holds nothing of theirs.
    """
    if data[128:132] != b"DICM":
        raise NoStudyError("it is not a DICOM file, so there is no study to write into; send the film as it is in the PACS")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote the values that they are about
            header = dcmread(io.BytesIO(data), stop_before_pixels=True)
            valid = all(UID(str(header.get(keyword, ""))).is_valid for keyword in _IDENTIFYING)
            is_image = int(header.get("Rows") or 0) > 0 and int(header.get("Columns") or 0) > 0
    except Exception as error:  # pydicom raises nearly any type for damaged data
        raise NoStudyError(
            f"its DICOM header cannot be read ({type(error).__name__}), so there is no study to write into"
        ) from None
    if not valid:
        raise NoStudyError(f"its DICOM header lacks a valid one of {', '.join(_IDENTIFYING)}, so there is no study to write into")
    if not is_image:
        raise NoStudyError("it is a DICOM file without an image, so there is no film that a result could refer to")
    return header


def own_uid(kind: str, *parts: str) -> str:
    """A UID that follows from what it names (PS3.5 B.2): the same film and model give the same, now and on another machine."""
    digest = hashlib.sha256("\0".join(("overread", kind, *parts)).encode()).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


def join_study(result: Dataset, header: Dataset) -> None:
    """Gives a result the patient and the study of its film, unaltered."""
    for keyword in _OF_PATIENT_AND_STUDY:
        if keyword in header:
            result[keyword] = header[keyword]
        elif keyword in _NEVER_MISSING:
            setattr(result, keyword, "")
        elif keyword in result:
            del result[keyword]


def stamp(result: Dataset, header: Dataset, now: datetime) -> None:
    """When a result was made, in the time zone that the film's header declares, or else the local one."""
    offset = str(header.get("TimezoneOffsetFromUTC") or "")
    zone = None
    if found := re.fullmatch(r"([+-])(\d\d)(\d\d)", offset):
        minutes = int(found[2]) * 60 + int(found[3])
        zone = timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    local = now.astimezone(zone)
    for prefix in ("InstanceCreation", "Content"):
        setattr(result, f"{prefix}Date", f"{local:%Y%m%d}")
        setattr(result, f"{prefix}Time", f"{local:%H%M%S}")


def instance_number(header: Dataset) -> int:
    """The film's own number in its series, so that results stand in the films' order."""
    try:
        return max(1, int(header.get("InstanceNumber") or 1))
    except (TypeError, ValueError):
        return 1
