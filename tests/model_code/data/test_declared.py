"""Headers that rule a frontal chest film out, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from model_code.data.declared import Declared, declared
from model_code.data.images import decode
from tests.films import dicom, png, ramp, real_film


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, None),
        ({"Modality": "CR"}, None),
        ({"Modality": "DX", "ViewPosition": "PA", "BodyPartExamined": "CHEST"}, None),
        ({"Modality": "DX", "ViewPosition": "AP"}, None),
        ({"Modality": "CT"}, Declared.MODALITY),
        ({"Modality": "MR"}, Declared.MODALITY),
        ({"Modality": "US"}, Declared.MODALITY),
        ({"Modality": "XC"}, Declared.CAMERA),
        ({"Modality": "DMS"}, Declared.CAMERA),
        ({"Modality": "CR", "BodyPartExamined": "EXTREMITY"}, Declared.BODY_PART),
        ({"Modality": "CR", "BodyPartExamined": "LOWER LEG"}, Declared.BODY_PART),
        ({"Modality": "CR", "BodyPartExamined": "ZEBRA"}, None),
        ({"ViewPosition": "LL"}, Declared.LATERAL),
        ({"ViewPosition": "LATERAL"}, Declared.LATERAL),
        ({"ViewPosition": "LEFT LATERAL"}, Declared.LATERAL),
        ({"ViewPosition": "LLO"}, Declared.LATERAL),
        ({"ViewPosition": ""}, None),
        ({"PatientOrientation": ["L", "F"]}, None),
        ({"PatientOrientation": ["A", "F"]}, Declared.LATERAL),
        ({"PatientOrientation": ["PL", "F"]}, Declared.LATERAL),
        ({"PatientOrientation": ""}, None),
    ],
)
def test_headers(header: dict[str, Any], expected: Declared | None) -> None:
    assert decode(dicom(ramp(12), BitsStored=12, **header)).declared is expected


def test_the_real_films_say_what_they_are() -> None:
    assert decode(real_film("RG1_UNCR.dcm")).declared is None
    assert decode(real_film("RG3_UNCR.dcm")).declared is Declared.BODY_PART
    assert decode(real_film("MR2_UNCR.dcm")).declared is Declared.MODALITY


def test_pictures_without_a_header_say_nothing() -> None:
    assert decode(png(ramp(8))).declared is None


def test_an_empty_header_says_nothing() -> None:
    from pydicom import Dataset

    assert declared(Dataset()) is None


def test_details_name_no_value_of_the_header() -> None:
    assert {one.code for one in Declared} == {"not_a_chest_film", "lateral_view"}
    assert not any(word in one.detail for one in Declared for word in ("CT", "LL", "EXTREMITY"))
