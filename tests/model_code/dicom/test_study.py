from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID

from model_code.dicom.study import NoStudyError, header_of, instance_number, join_study, own_uid, stamp
from tests.films import dicom, planted_in, png, ramp, real_film

STUDY: dict[str, Any] = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"}


def test_a_header_comes_without_its_pixels() -> None:
    header = header_of(real_film("RG1_UNCR.dcm"))

    assert (header.Rows, header.Columns) == (1955, 1841)
    assert "PixelData" not in header


def test_a_film_that_was_cut_off_still_has_its_header() -> None:
    assert header_of(real_film("RG1_UNCR.dcm")[:100_000]).StudyInstanceUID


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a DICOM file"),
        (png(ramp(8)), "not a DICOM file"),
        (dicom(ramp(8)), "lacks a valid one of StudyInstanceUID"),
        (dicom(ramp(8), **STUDY | {"StudyInstanceUID": ""}), "lacks a valid"),
        (dicom(None, **STUDY), "without an image"),
        (dicom(ramp(8), **STUDY)[:140], "lacks a valid|cannot be read"),
    ],
)
def test_without_a_study_there_is_nothing_to_write_into(data: bytes, says: str) -> None:
    with pytest.raises(NoStudyError, match=says) as raised:
        header_of(data)
    assert not planted_in(str(raised.value))
    assert "\n" not in str(raised.value)


def test_uids_are_valid_follow_from_what_they_name_and_differ_by_purpose() -> None:
    uids = [own_uid(kind, film, "model") for kind in ("report", "capture") for film in ("1.2.3", "1.2.4")]

    assert len(set(uids)) == 4
    assert uids[0] == own_uid("report", "1.2.3", "model") != own_uid("report", "1.2.3", "other model")
    assert all(UID(one).is_valid and one.startswith("2.25.") for one in uids)
    assert own_uid("a", "b", "c") != own_uid("a", "bc")


def test_a_result_has_the_films_patient_and_study_unaltered() -> None:
    header = header_of(real_film("RG1_UNCR.dcm"))
    result = Dataset()
    result.PatientAge = "001Y"
    join_study(result, header)

    assert result.PatientName == header.PatientName
    assert result.ReferringPhysicianName == "ward"
    assert result.StudyTime == header.StudyTime
    assert "PatientAge" not in result


def test_what_must_be_there_is_there_where_the_film_lacks_it() -> None:
    result = Dataset()
    join_study(result, header_of(dicom(ramp(8), **STUDY)))

    assert result.AccessionNumber == result.PatientSex == result.StudyDate == ""


@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192", "ISO_IR 144"])
def test_names_in_other_letters_stay_as_they_are(charset: str) -> None:
    name = {"ISO_IR 100": "Müller^Jürgen", "ISO_IR 192": "山田^太郎", "ISO_IR 144": "Иван^Жук"}[charset]
    header = header_of(dicom(ramp(8), **STUDY, SpecificCharacterSet=charset, PatientName=name))
    result = Dataset()
    join_study(result, header)
    buffer = io.BytesIO()
    result.save_as(buffer, implicit_vr=False, little_endian=True)

    assert dcmread(io.BytesIO(buffer.getvalue()), force=True).PatientName == name


@pytest.mark.parametrize(("offset", "hour"), [("-0400", "20"), ("+0530", "05"), ("odd", None)])
def test_times_are_in_the_films_own_zone(offset: str, hour: str | None) -> None:
    header, result = Dataset(), Dataset()
    header.add_new("TimezoneOffsetFromUTC", "SH", offset)
    stamp(result, header, datetime(2024, 3, 2, 0, 30, tzinfo=UTC))

    assert hour is None or result.ContentTime[:2] in (hour, f"{int(hour) + 1:02}")
    assert len(result.ContentDate) == 8
    assert result.ContentTime == result.InstanceCreationTime


@pytest.mark.parametrize(("value", "number"), [("7", 7), (None, 1), ("0", 1)])
def test_results_stand_in_the_films_order(value: str | None, number: int) -> None:
    header = Dataset()
    header.InstanceNumber = value

    assert instance_number(header) == number
