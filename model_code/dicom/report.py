"""A Reading as a DICOM structured report: TID 1500 of PS3.16, by highdicom.

One measurement group a finding, with the probability as a number and the conformal decision as a code; a finding that is not
absent has the place of its strongest evidence. What was not assessed says so, with the reasons.
"""

from __future__ import annotations

import logging
import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom import Dataset
from pydicom.uid import ComprehensiveSRStorage

from model_code import __version__
from model_code.dicom import codes
from model_code.dicom.study import instance_number, join_study, own_uid, stamp
from model_code.errors import UsageError
from model_code.reading import Finding, Reading

try:
    from highdicom import sr
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
except ImportError:  # pragma: no cover
    raise UsageError("DICOM reports need highdicom; run: pip install 'overread[pacs]'") from None

if TYPE_CHECKING:
    Group = sr.MeasurementsAndQualitativeEvaluations | sr.PlanarROIMeasurementsAndQualitativeEvaluations

SERIES_NUMBER: Final = 9001
"""High enough to stand behind the study's own series."""

# their warnings quote patients' names and other values that they find odd
for name in ("highdicom", "pydicom"):
    logging.getLogger(name).setLevel(logging.CRITICAL)


def report_uid(film: str, model: str) -> str:
    """The report's SOP Instance UID, of the film's and the model's SHA-256."""
    return own_uid("report", film, model)


def report_series_uid(study: str, model: str) -> str:
    """The series of all reports of one model in a study."""
    return own_uid("report series", study, model)


def report(header: Dataset, reading: Reading, *, now: datetime) -> Dataset:
    """The report of a Reading, in the study of the film whose ``header`` it is; a complete file's data set.

    Raises:
        UsageError: highdicom is not installed (extra ``pacs``).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        film = _nameless(header)
        document = sr.ComprehensiveSR(
            evidence=[film],
            content=_content(film, reading)[0],
            series_instance_uid=report_series_uid(header.StudyInstanceUID, reading.model.sha256),
            series_number=SERIES_NUMBER,
            sop_instance_uid=report_uid(header.SOPInstanceUID, reading.model.sha256),
            instance_number=instance_number(header),
            manufacturer="Overread",
            manufacturer_model_name=reading.model.name[: codes.MEANING_LENGTH],
            software_versions=__version__,
            device_serial_number=reading.model.sha256[:16],
            series_description="Overread report, research use only",
            is_complete=True,
            is_final=False,  # a person has yet to read the film
            coding_schemes=[CodingSchemeIdentificationItem(codes.SCHEME, name="Overread's own codes")],
        )
        document["SoftwareVersions"].value = [reading.model.version[: codes.MEANING_LENGTH], __version__]
        document.pop("ContributingEquipmentSequence", None)  # the film names its own device; this would only hold a time
        join_study(document, header)
        stamp(document, header, now)
    assert document.SOPClassUID == ComprehensiveSRStorage
    return document


def _nameless(header: Dataset) -> Dataset:
    """What highdicom needs of the film, without names and dates that it might refuse: ``join_study`` brings them unaltered."""
    film = Dataset()
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Rows", "Columns"):
        film[keyword] = header[keyword]
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(film, keyword, "")
    film.StudyDate = film.StudyTime = None
    film.Modality = str(header.get("Modality") or "OT")
    return film


def _content(film: Dataset, reading: Reading) -> sr.MeasurementReport:
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=own_uid("model", reading.model.sha256),
        name="Overread",
        manufacturer_name="Overread",
        model_name=reading.model.name,
        serial_number=reading.model.sha256[:16],
    )
    observer = sr.ObserverContext(observer_type=sr.CodedConcept.from_code(codes.DEVICE), observer_identifying_attributes=device)
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.procedure_code(reading.task),
        imaging_measurements=[_summary(film, reading), *(_group(film, reading, finding) for finding in reading.findings)],
    )
    content[0].ContentSequence.append(_comment(reading.notice))
    return content


def _summary(film: Dataset, reading: Reading) -> sr.MeasurementsAndQualitativeEvaluations:
    """Whether the film was read, and if not, why."""
    found = any(finding.decision == "present" for finding in reading.findings)
    read = codes.WITH_FINDINGS if found else codes.WITHOUT_FINDINGS
    state = codes.NOT_ASSESSED if reading.status == "not_assessed" else read
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(film, reading, "film"),
        algorithm_id=_algorithm(reading),
        qualitative_evaluations=[
            sr.QualitativeEvaluation(codes.SUMMARY, state),
            *(sr.QualitativeEvaluation(codes.QUALITY_ISSUE, codes.own_code(reason.code)) for reason in reading.reasons),
        ],
        source_images=[sr.SourceImageForMeasurementGroup.from_source_image(film)],
    )
    for reason in reading.reasons:
        group[0].ContentSequence.append(_comment(reason.detail))
    return group


def _group(film: Dataset, reading: Reading, finding: Finding) -> Group:
    probability = sr.Measurement(codes.PROBABILITY, value=round(finding.probability, 6), unit=codes.RATIO)
    tracking, algorithm = _tracking(film, reading, finding.label), _algorithm(reading)
    kind, decision = (
        codes.finding_code(finding.label),
        sr.QualitativeEvaluation(codes.PRESENCE, codes.DECISIONS[finding.decision]),
    )
    if finding.decision == "absent":
        return sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            finding_type=kind,
            algorithm_id=algorithm,
            measurements=[probability],
            qualitative_evaluations=[decision],
            source_images=[sr.SourceImageForMeasurementGroup.from_source_image(film)],
        )
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking,
        referenced_region=_place(film, finding),
        finding_type=kind,
        algorithm_id=algorithm,
        measurements=[probability],
        qualitative_evaluations=[decision],
    )


def _place(film: Dataset, finding: Finding) -> sr.ImageRegion:
    """The peak of the evidence in pixels: 0, 0 is the corner of the first pixel, not its centre (PS3.3 C.18.6.1.1)."""
    return sr.ImageRegion(
        graphic_type=sr.GraphicTypeValues.POINT,
        graphic_data=np.array([[finding.peak.x * film.Columns, finding.peak.y * film.Rows]]),
        source_image=sr.SourceImageForRegion.from_source_image(film),
    )


def _tracking(film: Dataset, reading: Reading, what: str) -> sr.TrackingIdentifier:
    return sr.TrackingIdentifier(own_uid("tracking", film.SOPInstanceUID, reading.model.sha256, what), identifier=what)


def _algorithm(reading: Reading) -> sr.AlgorithmIdentification:
    return sr.AlgorithmIdentification(
        name=reading.model.name,
        version=reading.model.version,
        parameters=[f"task {reading.task}", f"bundle SHA-256 {reading.model.sha256}", f"code {__version__}"],
    )


def _comment(text: str) -> sr.TextContentItem:
    return sr.TextContentItem(codes.COMMENT, text, sr.RelationshipTypeValues.CONTAINS)
