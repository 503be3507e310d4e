"""The round trip with a real PACS: a film is stored in Orthanc, read, and has its report and picture beside it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import UID

from model_code import pacs
from model_code.data.images import Limits
from model_code.dicom import web as dicomweb
from model_code.dicom.report import report_uid
from model_code.dicom.study import own_uid
from model_code.dicom.web import DicomWeb, PacsError
from model_code.errors import UsageError
from model_code.pacs import read_new_films, rounds
from model_code.predictor import Predictor
from tests.cli import error_line, overread
from tests.films import PLANTED, dicom, planted_in, ramp, real_film
from tests.judges import dump, errors_of
from tests.orthanc import PASSWORD, USER, Orthanc, orthanc

TODAY = f"{date.today():%Y%m%d}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture
def web(server: Orthanc, monkeypatch: pytest.MonkeyPatch) -> Iterator[DicomWeb]:
    monkeypatch.setenv(dicomweb.USER, USER)
    monkeypatch.setenv(dicomweb.PASSWORD, PASSWORD)
    with DicomWeb(server.dicomweb) as client:
        yield client
    server.forget_everything()


def film(name: str = "RG1_UNCR", **elements: str) -> bytes:
    """A real film, taken today."""
    dataset = dcmread(io.BytesIO(real_film(f"{name}.dcm")))
    for keyword, value in {"StudyDate": TODAY, **elements}.items():
        setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def store(web: DicomWeb, data: bytes) -> str:
    study = str(dcmread(io.BytesIO(data), stop_before_pixels=True).StudyInstanceUID)
    web.store(study, data)
    return study


def test_report_and_picture_are_stored_beside_the_film_and_twice_adds_nothing(
    predictor: Predictor, server: Orthanc, web: DicomWeb, tmp_path: Path
) -> None:
    original = film("RG1_J2KI")
    study = store(web, original)
    first = read_new_films(predictor, web, days=1, limit=10)
    once = server.instances(study)
    second = read_new_films(predictor, web, days=1, limit=10)

    assert (first.films, first.read + first.not_assessed, first.failed.total()) == (1, 1, 0)
    assert second.films == 0
    assert server.instances(study) == once
    header = dcmread(io.BytesIO(original), stop_before_pixels=True)
    assert sorted(one["Modality"] for one in once.values()) == ["CR", "OT", "SR"]
    assert once.keys() == {
        str(header.SOPInstanceUID),
        *(own_uid(kind, header.SOPInstanceUID, predictor.bundle.sha256) for kind in ("report", "capture")),
    }
    assert {(one["PatientID"], one["StudyInstanceUID"]) for one in once.values()} == {(header.PatientID, study)}
    for one in once.values():
        if one["Modality"] != "CR":
            path = tmp_path / f"{one['Modality']}.dcm"
            path.write_bytes(web.retrieve(study, one["SeriesInstanceUID"], one["SOPInstanceUID"], max_bytes=2**26))
            assert errors_of(path) == []
    assert "Imaging Measurement Report" in dump("dsrdump", tmp_path / "SR.dcm")


def test_a_film_comes_as_it_was_stored(web: DicomWeb) -> None:
    original = film("RG3_J2KI")
    header = dcmread(io.BytesIO(original), stop_before_pixels=True)
    store(web, original)
    uids = (header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID)

    assert web.retrieve(*uids, max_bytes=len(original)) == original
    assert web.retrieve(*uids, max_bytes=1000) == original[:1001]


def test_only_films_of_these_days_and_kinds_are_read(predictor: Predictor, web: DicomWeb) -> None:
    store(web, film(StudyDate="20200101"))
    store(web, film(Modality="CT", StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4", SOPInstanceUID="1.2.3.4.5"))

    assert read_new_films(predictor, web, days=1, limit=10).films == 0
    assert read_new_films(predictor, web, days=200 * 365, limit=10).films == 1


def test_raw_data_of_a_detector_are_left_alone(predictor: Predictor, web: DicomWeb) -> None:
    raw = dcmread(io.BytesIO(film(Modality="DX", SOPClassUID=pacs.FOR_PROCESSING)))
    raw.file_meta.MediaStorageSOPClassUID = UID(pacs.FOR_PROCESSING)
    buffer = io.BytesIO()
    raw.save_as(buffer)
    store(web, buffer.getvalue())

    assert read_new_films(predictor, web, days=1, limit=10).films == 0


def test_films_of_one_study_are_read_up_to_the_limit_and_the_rest_the_next_time(
    predictor: Predictor, web: DicomWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacs, "PAGE", 2)
    for number in range(5):
        elements: dict[str, Any] = {
            "SOPInstanceUID": f"1.2.3.{number + 1}",
            "InstanceNumber": str(number),
            "StudyInstanceUID": "1.2.3",
        }
        store(web, dicom(ramp(8), Modality="DX", StudyDate=TODAY, SeriesInstanceUID="1.2.4", **elements))

    assert [read_new_films(predictor, web, days=0, limit=3).films for _ in range(3)] == [3, 2, 0]


def test_a_film_that_is_too_large_is_answered_not_assessed_and_not_tried_again(
    predictor: Predictor, web: DicomWeb, server: Orthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = store(web, film())
    monkeypatch.setattr(pacs, "LIMITS", Limits(max_bytes=100_000))

    assert read_new_films(predictor, web, days=1, limit=10).not_assessed == 1
    assert sorted(one["Modality"] for one in server.instances(study).values()) == ["CR", "SR"]
    assert read_new_films(predictor, web, days=1, limit=10).films == 0


def test_a_film_that_fails_is_told_the_others_are_read_and_it_is_tried_again(
    predictor: Predictor, web: DicomWeb, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    store(web, film("RG1_UNCR"))
    store(web, film("RG3_UNCR"))
    store_one = DicomWeb.store
    calls: list[str] = []

    def store_but_the_first_report(self: DicomWeb, study: str, instance: bytes) -> None:
        calls.append(study)
        if len(calls) == 2:
            raise PacsError("the PACS did not store a result (it gave no reason); look at its log")
        store_one(self, study, instance)

    monkeypatch.setattr(DicomWeb, "store", store_but_the_first_report)
    done = read_new_films(predictor, web, days=1, limit=10)

    assert (done.films, done.failed.total()) == (2, 1)
    assert "a film was left: the PACS did not store a result" in capfd.readouterr().err
    assert read_new_films(predictor, web, days=1, limit=10).films == 1


def test_another_film_than_the_one_asked_for_is_never_reported(
    predictor: Predictor, web: DicomWeb, server: Orthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = store(web, film())
    other = film("RG3_UNCR")
    monkeypatch.setattr(DicomWeb, "retrieve", lambda *_, **__: other)
    done = read_new_films(predictor, web, days=1, limit=10)

    assert list(done.failed) == ["the PACS gave another film than the one that was asked for; nothing was stored"]
    assert len(server.instances(study)) == 1


def test_looking_again_goes_on_when_the_pacs_is_away(
    predictor: Predictor, web: DicomWeb, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = iter([PacsError("the PACS is away"), None])
    naps: list[float] = []

    def look(*_: object, **__: object) -> pacs.Round:
        if (error := next(answers)) is not None:
            raise error
        return pacs.Round(films=1)

    monkeypatch.setattr(pacs, "read_new_films", look)
    monkeypatch.setattr("model_code.pacs.time.sleep", naps.append)

    assert next(rounds(predictor, web, days=1, limit=1, every=30)).films == 1
    assert naps == [30]
    assert "the PACS is away" in capfd.readouterr().err


@pytest.mark.parametrize(("days", "limit"), [(-1, 1), (1, 0)])
def test_numbers_out_of_range_are_wrong_use(predictor: Predictor, web: DicomWeb, days: int, limit: int) -> None:
    with pytest.raises(UsageError, match="must be 0 or more"):
        read_new_films(predictor, web, days=days, limit=limit)


def test_the_command_reads_films_and_tells_nothing_of_them(bundle: Path, server: Orthanc, web: DicomWeb) -> None:
    planted = dicom(
        ramp(12),
        Modality="CR",
        StudyDate=TODAY,
        StudyInstanceUID="1.2.77",
        SeriesInstanceUID="1.2.77.1",
        SOPInstanceUID="1.2.77.2",
    )
    store(web, planted)
    done = overread("pacs", "--url", server.dicomweb, "--bundle", bundle, "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"films": 1, "read": 0, "not_assessed": 1, "failed": {}}
    assert not planted_in(done.stdout + done.stderr)
    assert "1.2.77" not in done.stdout + done.stderr
    found = server.instances("1.2.77").values()
    assert {one["PatientName"] for one in found} == {PLANTED["PatientName"]}
    assert len(found) == 3


def test_wrong_credentials_are_one_line(bundle: Path, server: Orthanc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(dicomweb.USER, USER)
    monkeypatch.setenv(dicomweb.PASSWORD, "wrong-secret")
    done = overread("pacs", "--url", server.dicomweb, "--bundle", bundle)

    assert done.returncode == 1
    assert "answered 401" in error_line(done)
    assert "wrong-secret" not in done.stderr


def test_the_report_of_another_model_is_another_one() -> None:
    assert report_uid("1.2.3", "a" * 64) != report_uid("1.2.3", "b" * 64)
