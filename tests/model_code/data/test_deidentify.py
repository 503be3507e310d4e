from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRBigEndian, SecondaryCaptureImageStorage

from model_code.data.burned_in_text import find_text
from model_code.data.deidentify import CleanFilm, deidentify_film
from model_code.data.images import decode
from model_code.data.pseudonyms import Pseudonyms
from model_code.errors import ImageError
from tests.burned_in import burn
from tests.films import dicom, jpeg, planted_in, png, ramp, real_film

KEY = Pseudonyms(b"0" * 32)
REAL = [f"RG{film}_{syntax}.dcm" for film in (1, 3) for syntax in ("UNCR", "UNCI", "J2KR", "J2KI")]
STUDY: dict[str, Any] = {
    "SOPClassUID": SecondaryCaptureImageStorage,
    "StudyInstanceUID": "1.2.3",
    "SeriesInstanceUID": "1.2.3.4",
    "StudyDate": "20240301",
}


def cleaned(data: bytes) -> tuple[Dataset, CleanFilm]:
    film = deidentify_film(data, KEY)
    return dcmread(io.BytesIO(film.data)), film


def film(**elements: Any) -> bytes:
    return dicom(ramp(12), **{**STUDY, **elements})


@pytest.mark.parametrize("name", REAL)
def test_a_real_film_keeps_its_pixels_and_nothing_of_its_names(name: str) -> None:
    original = real_film(name)
    header, clean = cleaned(original)

    assert np.array_equal(decode(clean.data).pixels, decode(original).pixels)
    for text in texts_of(dcmread(io.BytesIO(original))):
        assert text.encode() not in outside_of_pixels(clean.data), text
    assert header.PatientIdentityRemoved == "YES"
    assert header.DeidentificationMethod
    assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID


def texts_of(dataset: Dataset) -> set[str]:
    """Everything in a header that could tell who or where somebody is: names, numbers, institutions, dates, UIDs."""
    told = {
        str(element.value)
        for element in dataset.iterall()
        if element.VR in ("PN", "DA", "TM", "UI", "LO", "SH", "LT", "ST")
        and element.keyword not in ("SOPClassUID", "ReferencedSOPClassUID", "Manufacturer", "ManufacturerModelName")
    }
    # shorter ones occur in any file; those of the standard's own are no secret
    return {text for text in told if len(text) > 4 and not text.startswith("1.2.840.10008") and text != "Uncompressed"}


def outside_of_pixels(data: bytes) -> bytes:
    return data.replace(dcmread(io.BytesIO(data)).PixelData, b"")


def test_the_same_film_has_the_same_name_and_bytes_and_tells_them_by_key_alone() -> None:
    data = real_film("RG3_J2KI.dcm")

    assert deidentify_film(data, KEY) == deidentify_film(data, KEY)
    assert deidentify_film(data, Pseudonyms(b"1" * 32)).name != deidentify_film(data, KEY).name


def test_films_of_one_patient_stand_together_and_of_another_elsewhere() -> None:
    folders = [deidentify_film(film(InstanceNumber=n), KEY).name.rsplit("/", 1)[0] for n in (1, 2)]
    other = deidentify_film(film(PatientID="MRN-4712"), KEY).name

    assert folders[0] == folders[1]
    assert re.fullmatch(r"films/P[0-9A-F]{16}", folders[0])
    assert not other.startswith(folders[0])


def test_a_number_means_another_patient_where_somebody_else_gave_it_out() -> None:
    here, there = (deidentify_film(film(IssuerOfPatientID=issuer), KEY).name.split("/")[1] for issuer in ("A", "B"))

    assert here != there


def test_a_film_without_a_number_stands_alone_with_its_study() -> None:
    one, two, else_ = (
        deidentify_film(film(PatientID="", StudyInstanceUID=uid, InstanceNumber=n), KEY).name.split("/")[1]
        for n, uid in ((1, "1.2.3"), (2, "1.2.3"), (3, "1.2.9"))
    )

    assert one == two != else_


def test_dates_move_together_and_uids_stay_consistent() -> None:
    first, _ = cleaned(film(StudyDate="20240301", SeriesDate="20240302", ContentDate="20240310"))
    second, _ = cleaned(film(StudyDate="20240401"))

    assert first.StudyDate != "20240301"
    assert days_between(first.StudyDate, first.ContentDate) == 9
    assert days_between(first.StudyDate, second.StudyDate) == 31
    assert first.StudyInstanceUID == second.StudyInstanceUID != "1.2.3"
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.LongitudinalTemporalInformationModified == "MODIFIED"


def days_between(one: str, other: str) -> int:
    first, second = (datetime.strptime(day, "%Y%m%d") for day in (one, other))
    return (second - first).days


@pytest.mark.parametrize(
    ("elements", "age"),
    [
        ({"PatientAge": "045Y"}, "045Y"),
        ({"PatientAge": "093Y"}, "090Y"),
        ({"PatientBirthDate": "19800302"}, "043Y"),
        ({"PatientBirthDate": "19200101"}, "090Y"),
        ({"PatientBirthDate": "20250101"}, None),
        ({}, None),
    ],
)
def test_the_age_stays_and_the_oldest_are_one_group(elements: dict[str, str], age: str | None) -> None:
    header, _ = cleaned(film(**elements))

    assert header.get("PatientAge") == age
    assert header.PatientBirthDate == ""


def test_private_unknown_and_nested_elements_are_gone() -> None:
    request = Dataset()
    request.RequestedProcedureDescription = "of Zebra^Quagga"
    dataset = dcmread(io.BytesIO(film(RequestAttributesSequence=DicomSequence([request]), PatientComments="Quagga")))
    block = dataset.private_block(0x0029, "OKAPI", create=True)
    block.add_new(0x01, "LO", "Zebra^Quagga")
    dataset.add_new(0x60000022, "LO", "Quagga")
    dataset.preamble = b"Quagga".ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = "QUAGGA"
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    header, clean = cleaned(buffer.getvalue())

    assert not planted_in(clean.data)
    assert b"QUAGGA" not in clean.data
    assert not [element for element in header if element.tag.is_private or 0x6000 <= element.tag.group < 0x7FE0]


@pytest.mark.parametrize(
    "keyword", ["BodyPartExamined", "ManufacturerModelName", "ConversionType", "RescaleType", "VOILUTFunction"]
)
def test_a_name_where_no_name_belongs_is_taken_out(keyword: str) -> None:
    header, clean = cleaned(film(**{keyword: "ZEBRA"}))

    assert keyword not in header
    assert b"ZEBRA" not in clean.data


@pytest.mark.parametrize("keyword", ["SeriesNumber", "InstanceNumber"])
@pytest.mark.parametrize("number", ["471198", "00471198"])
def test_a_patients_number_where_another_belongs_is_taken_out(keyword: str, number: str) -> None:
    header, clean = cleaned(film(PatientID="0471198", **{keyword: number}))
    other, _ = cleaned(film(PatientID="0471198", **{keyword: "12"}))

    assert keyword not in header
    assert b"471198" not in clean.data
    assert other[keyword].value == 12


def test_a_name_as_the_type_of_a_table_is_taken_out() -> None:
    lut = Dataset()
    lut.LUTDescriptor, lut.ModalityLUTType = [4096, 0, 16], "ZEBRA"
    lut.LUTData = (np.arange(4096, dtype="<u2") * 16).tobytes()
    lut["LUTData"].VR = "OW"
    original = film(ModalityLUTSequence=DicomSequence([lut]), BitsStored=12)
    _, clean = cleaned(original)

    assert b"ZEBRA" not in clean.data
    assert np.array_equal(decode(clean.data).pixels, decode(original).pixels)


def test_codes_that_describe_the_pixels_stay_whatever_the_number() -> None:
    header, clean = cleaned(film(PatientID="S-01-MONOCHROME2", LossyImageCompression="01"))

    assert header.LossyImageCompression == "01"
    assert decode(clean.data).photometric == "MONOCHROME2"


@pytest.mark.parametrize(
    "values", [ramp(12), ramp(8, 33), np.dstack([ramp(8), ramp(8)[::-1], ramp(8).T])], ids=["16", "odd", "RGB"]
)
def test_what_stands_behind_the_pixels_is_taken_out(values: Any) -> None:
    original = dicom(values, **STUDY, PixelData=values.tobytes() + b"Zebra^Quagga MRN-4711-XYZ")
    header, clean = cleaned(original)

    assert planted_in(original)
    assert not planted_in(clean.data)
    assert header.PixelData == values.tobytes() + b"\0" * (values.size % 2)
    assert np.array_equal(decode(clean.data).pixels, decode(original).pixels)


def test_the_last_pixel_of_an_odd_number_stays_in_either_order_of_bytes() -> None:
    values = ramp(8, 33)
    assert values.size % 2
    dataset = dcmread(io.BytesIO(dicom(values, **STUDY, PixelData=values.tobytes() + b"\0")))
    words = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    dataset.PixelData, dataset["PixelData"].VR = words, "OW"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, little_endian=False, implicit_vr=False)

    _, clean = cleaned(buffer.getvalue())
    assert np.array_equal(decode(clean.data).pixels, decode(buffer.getvalue()).pixels)


def test_what_a_picture_needs_stays() -> None:
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTExplanation = [4096, 0, 16], "made for Quagga"
    lut.LUTData = (np.arange(4096, dtype="<u2") * 16).tobytes()
    lut["LUTData"].VR = "OW"
    picture = {"VOILUTSequence": DicomSequence([lut]), "BitsStored": 12, "PhotometricInterpretation": "MONOCHROME1"}
    original = film(BodyPartExamined="CHEST", **picture)
    header, clean = cleaned(original)

    assert header.BodyPartExamined == "CHEST"
    assert "LUTExplanation" not in header.VOILUTSequence[0]
    assert np.array_equal(decode(clean.data).pixels, decode(original).pixels)


def test_a_name_within_compressed_pixels_is_refused() -> None:
    dataset = dcmread(io.BytesIO(real_film("RG3_J2KI.dcm")))
    frame = bytearray(next(generate_frames(dataset.PixelData, number_of_frames=1)))
    assert frame.startswith(b"\xff\x4f\xff\x51")
    comment = b"\0\1for CompressedSamples"
    after = 4 + int.from_bytes(frame[4:6])  # the size segment, which comes first
    frame[after:after] = b"\xff\x64" + (len(comment) + 2).to_bytes(2) + comment
    dataset.PixelData = encapsulate([bytes(frame)])
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    with pytest.raises(ImageError) as raised:
        deidentify_film(buffer.getvalue(), KEY)
    assert raised.value.code == "identity_in_pixels"
    assert "Samples" not in raised.value.detail


@pytest.mark.parametrize("values", [ramp(8), ramp(16), np.dstack([ramp(8), ramp(8)[::-1], ramp(8).T])])
def test_a_picture_keeps_every_value_and_no_text(values: Any) -> None:
    notes = PngInfo()
    notes.add_text("Comment", "Zebra^Quagga", zip=False)
    original = png(values, pnginfo=notes)
    clean = deidentify_film(original, KEY)

    assert planted_in(original)
    assert not planted_in(clean.data)
    assert not Image.open(io.BytesIO(clean.data)).info
    assert np.array_equal(decode(clean.data).pixels, decode(original).pixels)
    assert re.fullmatch(r"films/[0-9a-f]{24}\.png", clean.name)


def test_a_photograph_loses_its_exif_and_no_value() -> None:
    exif = Image.Exif()
    exif[0x013B] = "Zebra^Quagga"
    original = jpeg(np.dstack([ramp(8), ramp(8).T, ramp(8)]), exif=exif, comment=b"Quagga")
    clean = deidentify_film(original, KEY)

    assert planted_in(original)
    assert not planted_in(clean.data)
    assert np.array_equal(decode(clean.data).pixels, decode(original).pixels)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 Zebra^Quagga", "not_an_image"),
        (dicom(None), "no_pixels"),
        (film()[:-4000], "truncated"),
        (film(SOPInstanceUID=""), "damaged_header"),
    ],
)
def test_what_is_no_film_is_refused_without_a_word_of_it(data: bytes, code: str) -> None:
    with pytest.raises(ImageError) as raised:
        deidentify_film(data, KEY)
    assert raised.value.code == code
    assert not planted_in(str(raised.value))


NAME = "QUAGGA 1970"


@pytest.mark.parametrize("syntax", ["UNCR", "J2KR", "J2KI"])
def test_text_in_a_real_film_is_painted_over_and_told(syntax: str) -> None:
    dataset = dcmread(io.BytesIO(real_film(f"RG3_{syntax}.dcm")))
    dataset.decompress(generate_instance_uid=False) if syntax != "UNCR" else None
    burned = burn(dataset.pixel_array, NAME, height=40, value=float(dataset.pixel_array.max()), corner="top right")
    dataset.PixelData = burned.film.tobytes()
    if syntax != "UNCR":
        dataset.compress("1.2.840.10008.1.2.4.90", generate_instance_uid=False)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    header, clean = cleaned(buffer.getvalue())
    before, after = decode(buffer.getvalue()).pixels, decode(clean.data).pixels

    assert burned.share_within(clean.painted) >= 0.95
    assert find_text(after) == ()
    untouched = np.ones(before.shape, bool)
    for one in clean.painted:
        untouched[one.y : one.y + one.height, one.x : one.x + one.width] = False
    assert np.array_equal(after[untouched], before[untouched])
    assert header.BurnedInAnnotation == "NO"
    assert "113101" in {code.CodeValue for code in header.DeidentificationMethodCodeSequence}
    assert deidentify_film(buffer.getvalue(), KEY) == clean


@pytest.mark.parametrize("name", ["RG1_UNCR", "RG3_J2KI"])
def test_of_a_film_without_text_nothing_is_claimed(name: str) -> None:
    header, clean = cleaned(real_film(f"{name}.dcm"))

    assert clean.painted == ()
    assert "BurnedInAnnotation" not in header
    assert "113101" not in {code.CodeValue for code in header.DeidentificationMethodCodeSequence}


def test_text_in_a_picture_is_painted_over() -> None:
    burned = burn(np.full((400, 400), 60, np.uint8), NAME, height=14, value=255.0)
    clean = deidentify_film(png(burned.film), KEY)

    assert burned.share_within(clean.painted) >= 0.95
    assert float(np.ptp(decode(clean.data).pixels)) < 0.01


def test_pixels_that_are_said_to_name_somebody_but_show_no_text_are_refused() -> None:
    with pytest.raises(ImageError) as raised:
        deidentify_film(film(BurnedInAnnotation="YES"), KEY)
    assert raised.value.code == "identity_in_pixels"
