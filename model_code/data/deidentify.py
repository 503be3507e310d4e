"""One film without its patient, under a name that only the holder of a key can trace back.

What is not a film, or cannot be read, is refused by the decoder that training and serving use, so that ``clean`` holds nothing
else. Pixels stay as they were, but for text that is found near their borders.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from PIL import Image
from pydicom import DataElement, Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.pixels.utils import get_expected_length
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag

from model_code.data.burned_in_text import Region, find_text
from model_code.data.confidentiality import (
    ATTRIBUTES,
    IDENTITY,
    METHOD,
    METHOD_CODES,
    METHOD_CODES_OF_PIXELS,
    METHOD_OF_PIXELS,
    OF_A_TABLE,
    Action,
)
from model_code.data.images import LIMITS, DecodedImage, Limits, decode
from model_code.data.painting import clean_pixels, paint_over, transfer_syntax
from model_code.data.pseudonyms import Pseudonyms
from model_code.errors import ImageError

# its warnings quote the values that it mends, in a log too
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
OLDEST: Final = 89
FREE: Final = ("CS", "IS", "LO", "SH", "LT", "ST", "UT", "PN")
"""Kinds of values that people can write into as they like, whether words or a number."""
FIXED: Final = ("PhotometricInterpretation", "NumberOfFrames", "PixelAspectRatio", "LossyImageCompression")
"""Elements of such a kind without which the pixels would be other ones, or whose codes are no words."""


@dataclass(frozen=True)
class CleanFilm:
    """A film that names nobody. ``name`` is a path: ``films/<patient>/<film>.dcm``, or ``films/<film>.png`` of a picture."""

    name: str
    data: bytes
    painted: tuple[Region, ...] = ()
    """Where text stood in the pixels."""


def deidentify_film(data: bytes, pseudonyms: Pseudonyms, limits: Limits = LIMITS) -> CleanFilm:
    """The film of a file (DICOM, PNG, JPEG). The same file and key always give the same name and the same bytes.

    Raises:
        ImageError: it is not a film that can be read (see ``images.decode``), or ``identity_in_pixels``.
    """
    decoded = decode(data, limits)
    film, text = pseudonyms.film(decoded.sha256), find_text(decoded.pixels)
    if data.startswith(PICTURES):
        return CleanFilm(f"films/{film}.png", _as_png(decoded, text), text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote the values that it mends
        try:
            dataset = dcmread(io.BytesIO(data), force=data[128:132] != b"DICM")
            if not text and str(dataset.get("BurnedInAnnotation")).upper() == "YES":
                raise ImageError("identity_in_pixels", "the header says that the pixels name the patient, but no text was found")
            patient = _patient_of(dataset, decoded)
            _refuse_names(dataset)
            clean_pixels(dataset, text)
            _cut_pixel_data(dataset)
            clean = clean_header(dataset, pseudonyms, patient, cleaned_pixels=bool(text))
            return CleanFilm(f"films/{pseudonyms.patient(patient)}/{film}.dcm", _as_dicom(clean, dataset), text)
        except ImageError:
            raise
        except Exception as error:
            raise ImageError("damaged_header", f"the DICOM header cannot be rewritten ({type(error).__name__})") from None


def clean_header(dataset: Dataset, pseudonyms: Pseudonyms, patient: str, *, cleaned_pixels: bool = False) -> Dataset:
    """A new data set of what ``ATTRIBUTES`` lets stay, as it lets it stay. ``patient`` is the number in the source."""
    words = {word.lstrip("0") for keyword in IDENTITY for word in _words(dataset.get(keyword))}
    clean = Dataset()
    for keyword, action in ATTRIBUTES.items():
        element = dataset.get(Tag(keyword))  # by tag it gives the element, by keyword its value
        kept = _kept(action, element, pseudonyms, patient, words)
        if kept is not None and not _tells(element, kept, words):
            setattr(clean, keyword, kept)
            if element is not None and keyword == "PixelData":
                clean[keyword].VR = element.VR
                clean[keyword].is_undefined_length = element.is_undefined_length
    if "PatientAge" not in clean and (age := _age(dataset)):
        clean.PatientAge = age
    clean.PatientName = clean.PatientID = pseudonyms.patient(patient)
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = [METHOD, METHOD_OF_PIXELS] if cleaned_pixels else METHOD
    codes = METHOD_CODES | (METHOD_CODES_OF_PIXELS if cleaned_pixels else {})
    clean.DeidentificationMethodCodeSequence = DicomSequence(_code(*code) for code in codes.items())
    if cleaned_pixels:
        clean.BurnedInAnnotation = "NO"
    clean.LongitudinalTemporalInformationModified = "MODIFIED"
    return clean


def _kept(action: Action, element: DataElement | None, pseudonyms: Pseudonyms, patient: str, words: set[str]) -> Any:
    """What stays of an element; None removes it. ``words`` are those of who the patient is."""
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
            return DicomSequence(_table(item, words) for item in element.value)
    return None


def _table(item: Dataset, words: set[str]) -> Dataset:
    kept = Dataset()
    for element in item:
        if element.keyword in OF_A_TABLE and not _tells(element, element.value, words):
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


def _tells(element: DataElement | None, value: Any, words: set[str]) -> bool:
    """Whether what stays of an element that people can write into has one of the words; zeros in front make no other number."""
    if element is None or element.keyword in FIXED or element.VR not in FREE:
        return False
    return not words.isdisjoint(word.lstrip("0") for word in _words(value))


def _words(value: Any) -> set[str]:
    """The words of a name or a text, of two letters or digits and more."""
    return {word for word in re.split(r"[\W_]+", str(value or "").upper()) if len(word) > 1}


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _cut_pixel_data(dataset: Dataset) -> None:
    """Takes away what stands behind uncompressed pixels, where no decoder looks."""
    if not transfer_syntax(dataset).is_compressed:
        length = get_expected_length(dataset)
        whole = dataset.PixelData[: length + length % 2]
        if length % 2 and transfer_syntax(dataset).is_little_endian:  # big-endian words have the last pixel behind the padding
            whole = whole[:length] + b"\0"
        dataset["PixelData"].value = whole


def _as_dicom(clean: Dataset, source: Dataset) -> bytes:
    """The file; pixels stay in the transfer syntax that ``source`` has, so no value of theirs changes."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = transfer_syntax(source)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = clean.SOPClassUID, clean.SOPInstanceUID
    clean.file_meta = meta
    buffer = io.BytesIO()
    clean.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _refuse_names(source: Dataset) -> None:
    """Compressed pixel data can hold comments; by chance alone no word of five letters turns up there.

    Raises:
        ImageError: ``identity_in_pixels``.
    """
    if not transfer_syntax(source).is_compressed:
        return
    words = {word for keyword in ("PatientName", "PatientID") for word in _words(source.get(keyword)) if len(word) > 4}
    upper = source.PixelData.upper()
    if any(word.encode("utf-8", "replace") in upper for word in words):
        raise ImageError("identity_in_pixels", "the compressed pixel data hold words of the patient's name or number")


def _as_png(decoded: DecodedImage, text: tuple[Region, ...]) -> bytes:
    """Every value that the decoder gave outside of text, none of the file's comments, profiles, thumbnails or positions."""
    depth, kind = (255, np.uint8) if decoded.is_colour else (65535, np.uint16)
    buffer = io.BytesIO()
    values = paint_over(decoded.pixels, text)
    Image.fromarray(np.round(values * depth).astype(kind)).save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue()
