"""One film without its patient: the pixels as they were, under a name that only the holder of a key can trace back.

What is not a film, or cannot be read, is refused by the decoder that training and serving use, so that ``clean`` holds nothing
else. Text that is burned into the pixels is not looked for.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from PIL import Image
from pydicom import DataElement, Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from model_code.data.confidentiality import ATTRIBUTES, IDENTITY, METHOD, METHOD_CODES, OF_A_TABLE, Action
from model_code.data.images import LIMITS, DecodedImage, Limits, decode
from model_code.data.pseudonyms import Pseudonyms
from model_code.errors import ImageError

PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
OLDEST: Final = 89


@dataclass(frozen=True)
class CleanFilm:
    """A film that names nobody. ``name`` is a path: ``films/<patient>/<film>.dcm``, or ``films/<film>.png`` of a picture."""

    name: str
    data: bytes


def deidentify_film(data: bytes, pseudonyms: Pseudonyms, limits: Limits = LIMITS) -> CleanFilm:
    """The film of a file (DICOM, PNG, JPEG). The same file and key always give the same name and the same bytes.

    Raises:
        ImageError: it is not a film that can be read (see ``images.decode``), or ``identity_in_pixels``.
    """
    decoded = decode(data, limits)
    film = pseudonyms.film(decoded.sha256)
    if data.startswith(PICTURES):
        return CleanFilm(f"films/{film}.png", _as_png(decoded))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote the values that it mends
        try:
            dataset = dcmread(io.BytesIO(data), force=data[128:132] != b"DICM")
            patient = _patient_of(dataset, decoded)
            clean = clean_header(dataset, pseudonyms, patient)
            return CleanFilm(f"films/{pseudonyms.patient(patient)}/{film}.dcm", _as_dicom(clean, dataset))
        except ImageError:
            raise
        except Exception as error:
            raise ImageError("damaged_header", f"the DICOM header cannot be rewritten ({type(error).__name__})") from None


def clean_header(dataset: Dataset, pseudonyms: Pseudonyms, patient: str) -> Dataset:
    """A new data set of what ``ATTRIBUTES`` lets stay, as it lets it stay. ``patient`` is the number in the source."""
    words = {word for keyword in IDENTITY for word in _words(dataset.get(keyword))}
    clean = Dataset()
    for keyword, action in ATTRIBUTES.items():
        element = dataset.get(Tag(keyword))  # by tag it gives the element, by keyword its value
        kept = _kept(action, element, pseudonyms, patient)
        if kept is not None and not (_is_free(element) and _words(kept) & words):
            setattr(clean, keyword, kept)
            if element is not None and keyword == "PixelData":
                clean[keyword].VR = element.VR
                clean[keyword].is_undefined_length = element.is_undefined_length
    if "PatientAge" not in clean and (age := _age(dataset)):
        clean.PatientAge = age
    clean.PatientName = clean.PatientID = pseudonyms.patient(patient)
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = METHOD
    clean.DeidentificationMethodCodeSequence = DicomSequence(_code(*code) for code in METHOD_CODES.items())
    clean.LongitudinalTemporalInformationModified = "MODIFIED"
    return clean


def _kept(action: Action, element: DataElement | None, pseudonyms: Pseudonyms, patient: str) -> Any:
    """What stays of an element; None removes it."""
    if action is Action.EMPTY:
        return ""
    if element is None or element.is_empty:
        return None
    match action:
        case Action.KEEP:
            return element.value
        case Action.UID:
            return pseudonyms.uid(str(element.value))
        case Action.SHIFT:
            return _shifted(str(element.value), pseudonyms.days(patient))
        case Action.AGE:
            return _capped(str(element.value))
        case Action.TABLE:
            return DicomSequence(_table(item) for item in element.value)
    return None


def _table(item: Dataset) -> Dataset:
    kept = Dataset()
    for element in item:
        if element.keyword in OF_A_TABLE:
            kept.add(element)
    return kept


def _patient_of(dataset: Dataset, decoded: DecodedImage) -> str:
    """The patient's number, with who gave it out; where it is empty, the study stands alone, or at the least the file."""
    number = str(dataset.get("PatientID") or "").strip()
    if number:
        return f"{number}\0{str(dataset.get('IssuerOfPatientID') or '').strip()}".rstrip("\0")
    return str(dataset.get("StudyInstanceUID") or decoded.sha256)


def _shifted(date: str, days: int) -> str | None:
    try:
        return f"{datetime.strptime(date, '%Y%m%d') - timedelta(days=days):%Y%m%d}"
    except (ValueError, OverflowError):
        return None


def _capped(age: str) -> str | None:
    if not re.fullmatch(r"\d{3}[DWMY]", age):
        return None
    return f"{OLDEST + 1:03}Y" if age.endswith("Y") and int(age[:3]) > OLDEST else age


def _age(dataset: Dataset) -> str | None:
    """Years from birth to the film, for headers that leave them to the reader."""
    try:
        born, taken = (datetime.strptime(str(dataset.get(d)), "%Y%m%d") for d in ("PatientBirthDate", "StudyDate"))
    except ValueError:
        return None
    years = taken.year - born.year - ((taken.month, taken.day) < (born.month, born.day))
    return _capped(f"{years:03}Y") if years >= 0 else None


def _is_free(element: DataElement | None) -> bool:
    """Whether people can write into it what they like: text outside of the group that describes the pixels."""
    return element is not None and element.tag.group != 0x0028 and element.VR in ("CS", "LO", "SH", "LT", "ST", "UT", "PN")


def _words(value: Any) -> set[str]:
    """The words of a name or a text, of two letters or digits and more."""
    return {word for word in re.split(r"[\W_]+", str(value or "").upper()) if len(word) > 1}


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _as_dicom(clean: Dataset, source: Dataset) -> bytes:
    """The file; pixels stay in the transfer syntax that they came in, so no value of theirs changes."""
    meta, found = FileMetaDataset(), getattr(source, "file_meta", None)
    guessed = ImplicitVRLittleEndian if source.original_encoding[0] else ExplicitVRLittleEndian
    meta.TransferSyntaxUID = found.TransferSyntaxUID if found is not None and "TransferSyntaxUID" in found else guessed
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = clean.SOPClassUID, clean.SOPInstanceUID
    clean.file_meta = meta
    if meta.TransferSyntaxUID.is_compressed:
        _refuse_names(clean.PixelData, source)
    buffer = io.BytesIO()
    clean.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _refuse_names(compressed: bytes, source: Dataset) -> None:
    """JPEG data can hold comments; by chance alone no word of five letters turns up there."""
    words = {word for keyword in ("PatientName", "PatientID") for word in _words(source.get(keyword)) if len(word) > 4}
    upper = compressed.upper()
    if any(word.encode("utf-8", "replace") in upper for word in words):
        raise ImageError("identity_in_pixels", "the compressed pixel data hold words of the patient's name or number")


def _as_png(decoded: DecodedImage) -> bytes:
    """Every value that the decoder gave, none of the file's comments, profiles, thumbnails or positions."""
    depth, kind = (255, np.uint8) if decoded.is_colour else (65535, np.uint16)
    buffer = io.BytesIO()
    Image.fromarray(np.round(decoded.pixels * depth).astype(kind)).save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue()
