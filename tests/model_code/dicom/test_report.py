"""The structured report, read back by highdicom and judged by dciodvfy and dsrdump."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes as dictionary

from model_code.dicom.report import report, report_series_uid, report_uid
from model_code.dicom.study import header_of
from model_code.reading import Reading
from tests.films import dicom, ramp
from tests.judges import dump, errors_of
from tests.readings import reading

NOW = datetime(2024, 3, 1, tzinfo=UTC)
READ = reading(("Effusion", 0.912345678, "present"), ("Mass", 0.01, "absent"), ("Pleural_Thickening", 0.4, "uncertain"))
REFUSED = reading(reasons=(("not_a_chest_film", "lungs and heart are not where a film has them"), ("blank", "it is even")))


def groups(document: Dataset) -> dict[str, Any]:
    """The measurement groups by what they are about."""
    content = sr.MeasurementReport.from_sequence([document])
    found = (*content.get_image_measurement_groups(), *content.get_planar_roi_measurement_groups())
    return {str(group.tracking_identifier): group for group in found}


@pytest.mark.parametrize("made", [READ, REFUSED, reading()], ids=["read", "not assessed", "no findings"])
def test_judges_find_no_error(header: Dataset, made: Reading, tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    report(header, made, now=NOW).save_as(path, enforce_file_format=True)

    assert errors_of(path) == []
    text = dump("dsrdump", path)
    assert "Comprehensive SR Document" in text
    assert "PRELIMINARY" in text and "UNVERIFIED" in text


def test_each_finding_has_its_code_probability_and_decision(header: Dataset) -> None:
    found = groups(report(header, READ, now=NOW))
    effusion, mass = found["Effusion"], found["Mass"]

    assert found.keys() == {"film", "Effusion", "Mass", "Pleural_Thickening"}
    assert effusion.finding_type == dictionary.SCT.PleuralEffusion
    (probability,) = effusion.get_measurements(dictionary.DCM.Probability)
    assert probability.value == 0.912346
    assert evaluation(effusion) == dictionary.SCT.Present
    assert evaluation(mass) == dictionary.SCT.Absent
    assert evaluation(found["Pleural_Thickening"]) == dictionary.DCM.PresenceUndetermined


def evaluation(group: Any) -> Any:
    (one,) = group.get_qualitative_evaluations(dictionary.DCM.PresenceOfProperty)
    return one.value


def test_a_place_is_given_for_what_is_not_absent_in_the_films_own_pixels(header: Dataset) -> None:
    found = groups(report(header, READ, now=NOW))
    place = found["Effusion"].roi

    assert place.value.tolist() == [[0.25 * header.Columns, 0.5 * header.Rows]]
    assert place.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == header.SOPInstanceUID
    assert isinstance(found["Pleural_Thickening"], sr.PlanarROIMeasurementsAndQualitativeEvaluations)
    assert not isinstance(found["Mass"], sr.PlanarROIMeasurementsAndQualitativeEvaluations)


def test_what_was_not_assessed_says_so_with_all_reasons(header: Dataset) -> None:
    (film,) = groups(report(header, REFUSED, now=NOW)).values()
    (summary,) = film.get_qualitative_evaluations(dictionary.DCM.CADProcessingAndFindingsSummary)
    issues = film.get_qualitative_evaluations(dictionary.DCM.QualityIssue)

    assert summary.value == dictionary.DCM.NoAlgorithmsSucceededWithoutFindings
    assert [issue.value.value for issue in issues] == ["NOT_A_CHEST_FILM", "BLANK"]
    assert {"lungs and heart are not where a film has them", "it is even"} <= set(texts(film[0]))


def texts(item: Dataset) -> list[str]:
    here = [item.TextValue] if item.get("ValueType") == "TEXT" else []
    return here + [text for child in item.get("ContentSequence", []) for text in texts(child)]


def test_the_model_is_named_in_every_group_and_the_notice_once(header: Dataset) -> None:
    document = report(header, READ, now=NOW)
    said = texts(document)

    assert said.count("chest14-densenet121") == 4 + 1  # and the observer
    assert said.count("1.2.3") == 4
    assert said.count(f"bundle SHA-256 {'ab' * 32}") == 4
    assert said.count("Research use only.") == 1


def test_it_stands_in_the_films_study_and_refers_to_the_film_alone(header: Dataset) -> None:
    document = report(header, READ, now=NOW)
    (study,) = document.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence

    assert document.StudyInstanceUID == study.StudyInstanceUID == header.StudyInstanceUID
    assert document.PatientName == header.PatientName
    assert document.SeriesInstanceUID != header.SeriesInstanceUID == series.SeriesInstanceUID
    assert [one.ReferencedSOPInstanceUID for one in series.ReferencedSOPSequence] == [header.SOPInstanceUID]


def test_the_same_film_and_model_give_the_same_report(header: Dataset) -> None:
    one, other = (report(header, READ, now=NOW) for _ in range(2))

    assert one == other
    assert one.SOPInstanceUID == report_uid(header.SOPInstanceUID, READ.model.sha256)
    assert one.SeriesInstanceUID == report_series_uid(header.StudyInstanceUID, READ.model.sha256)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of what the test itself looks at
@pytest.mark.parametrize(
    "odd",
    [
        {"PatientSex": "female"},
        {"PatientName": "Zebra Quagga"},
        {"PatientBirthDate": "1970"},
        {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "山田^太郎"},
        {"Modality": "PX"},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"},
    ],
)
def test_odd_headers_are_taken_over_and_nothing_of_them_is_told(
    odd: dict[str, Any], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data = dicom(ramp(8), StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4", **odd)
    document = report(header_of(data), READ, now=NOW)

    assert document.PatientName == header_of(data).PatientName
    assert document.PatientSex == header_of(data).get("PatientSex", "")
    captured = capsys.readouterr()
    assert captured.out + captured.err + caplog.text == ""
