from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread

from model_code.dicom.capture import BANNER, capture, capture_uid
from model_code.dicom.study import header_of
from tests.films import dicom, ramp
from tests.judges import dump, errors_of
from tests.readings import reading

NOW = datetime(2024, 3, 1, tzinfo=UTC)
READ = reading(("Mass", 0.9, "present"))
PICTURE = Image.fromarray(np.dstack([ramp(8, 101)] * 3))  # an odd number of bytes


def test_judges_find_no_error(header: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "capture.dcm"
    capture(header, READ, PICTURE, now=NOW).save_as(path, enforce_file_format=True)

    assert errors_of(path) == []
    assert "SecondaryCaptureImageStorage" in dump("dcmdump", path)


def test_the_picture_is_whole_below_a_strip_that_warns(header: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "capture.dcm"
    capture(header, READ, PICTURE, now=NOW).save_as(path, enforce_file_format=True)
    shown = dcmread(path).pixel_array

    assert np.array_equal(shown[BANNER:], np.asarray(PICTURE))
    assert (shown[:BANNER] == 255).all(axis=2).any()  # white letters


def test_the_strip_names_the_model_and_its_version(header: Dataset) -> None:
    strips = [
        capture(header, READ.model_copy(update={"model": model}), PICTURE.resize((900, 100)), now=NOW).pixel_array[:BANNER]
        for model in (
            READ.model,
            READ.model.model_copy(update={"version": "4.5.6"}),
            READ.model.model_copy(update={"name": "other"}),
        )
    ]

    assert np.array_equal(strips[0][:, :300], strips[1][:, :300])  # the warning
    assert len({strip.tobytes() for strip in strips}) == 3


def test_it_stands_in_the_films_study_and_refers_to_the_film(header: Dataset) -> None:
    made = capture(header, READ, PICTURE, now=NOW)
    (source,) = made.SourceImageSequence

    assert made.StudyInstanceUID == header.StudyInstanceUID
    assert made.SeriesInstanceUID != header.SeriesInstanceUID
    assert (source.ReferencedSOPInstanceUID, source.ReferencedSOPClassUID) == (header.SOPInstanceUID, header.SOPClassUID)
    assert made.SOPInstanceUID == capture_uid(header.SOPInstanceUID, READ.model.sha256)
    assert "RESEARCH USE ONLY" in made.DerivationDescription


def test_the_same_film_and_model_give_the_same_capture(header: Dataset) -> None:
    assert capture(header, READ, PICTURE, now=NOW) == capture(header, READ, PICTURE, now=NOW)


@pytest.mark.parametrize("said", ["YES", "NO", None])
def test_what_the_film_says_of_text_in_it_holds_for_its_picture(said: str | None) -> None:
    elements: dict[str, Any] = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"} | (
        {"BurnedInAnnotation": said} if said else {}
    )
    made = capture(header_of(dicom(ramp(8), **elements)), READ, PICTURE, now=NOW)

    assert made.get("BurnedInAnnotation") == said
