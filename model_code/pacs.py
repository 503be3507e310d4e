"""``overread pacs``: reads the chest films of a PACS and stores the results beside them, over DICOMweb.

A film is read once by a model: the report has a UID that follows from both, so what the PACS holds already tells what is left
to do. The report is stored last; where anything fails before, the film is still to be read the next time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from model_code.data.images import LIMITS
from model_code.dicom.report import report_series_uid, report_uid
from model_code.dicom.results import results_of
from model_code.dicom.study import header_of
from model_code.dicom.web import DicomWeb, PacsError, uid, value
from model_code.errors import OverreadError, UsageError
from model_code.predictor import Predictor
from model_code.progress import console, track

MODALITIES: Final = ("CR", "DX")
FOR_PROCESSING: Final = "1.2.840.10008.5.1.4.1.1.1.1.1"
"""A detector's raw data, which another instance of the same series shows as a film."""
PAGE: Final = 200

STUDY, SERIES, INSTANCE, SOP_CLASS = "0020000D", "0020000E", "00080018", "00080016"


@dataclass(frozen=True)
class Film:
    """Where a film is."""

    study: str
    series: str
    instance: str


@dataclass
class Round:
    """What one look at the PACS did."""

    films: int = 0
    read: int = 0
    not_assessed: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """Why films were left as they were, each with how many."""

    def as_json(self) -> dict[str, Any]:
        """Figures only: nothing that names a film or a patient."""
        return {"films": self.films, "read": self.read, "not_assessed": self.not_assessed, "failed": dict(self.failed)}


def rounds(predictor: Predictor, web: DicomWeb, *, days: int, limit: int, every: float | None) -> Iterator[Round]:
    """One look at the PACS, or one ``every`` so many seconds without an end; then a PACS that is away is waited for.

    Raises:
        UsageError, PacsError: as ``read_new_films``; the latter only of a single look.
    """
    if every is None:
        yield read_new_films(predictor, web, days=days, limit=limit)
        return
    while True:
        try:
            yield read_new_films(predictor, web, days=days, limit=limit)
        except PacsError as error:
            console.print(str(error), soft_wrap=True)
        time.sleep(every)


def read_new_films(predictor: Predictor, web: DicomWeb, *, days: int, limit: int) -> Round:
    """Reads what this model has not read yet.

    Args:
        predictor: the model.
        web: the PACS.
        days: studies of today and of so many days before it.
        limit: films to read at most; the rest waits for the next time.

    Raises:
        UsageError: a number is out of range.
        PacsError: the PACS cannot be searched. What fails with a single film is counted, and does not stop the others.
    """
    if days < 0 or limit < 1:
        raise UsageError(f"days is {days} and limit is {limit}; days must be 0 or more, limit 1 or more")
    found = _new_films(predictor, web, days)
    films = [film for film, _ in zip(found, range(limit), strict=False)]
    done = Round(films=len(films))
    for film in track(films, "read films of the PACS", total=len(films)):
        try:
            status = _read(predictor, web, film)
        except OverreadError as error:
            done.failed[str(error)] += 1
            console.print(f"a film was left: {error}", soft_wrap=True)
        else:
            done.read += status == "read"
            done.not_assessed += status == "not_assessed"
    return done


def _new_films(predictor: Predictor, web: DicomWeb, days: int) -> Iterator[Film]:
    today = date.today()
    dates = f"{today - timedelta(days=min(days, today.toordinal() - 1)):%Y%m%d}-{today:%Y%m%d}"
    seen: set[str] = set()
    for modality in MODALITIES:
        for study in _pages(web, "studies", ModalitiesInStudy=modality, StudyDate=dates):
            study_uid = uid(study, STUDY)
            if study_uid not in seen:  # it can hold films of both kinds
                seen.add(study_uid)
                yield from _new_films_of(predictor, web, study_uid)


def _new_films_of(predictor: Predictor, web: DicomWeb, study: str) -> Iterator[Film]:
    model = predictor.bundle.sha256
    path = f"studies/{study}/series"
    reports = {value(one, INSTANCE) for one in _pages(web, f"{path}/{report_series_uid(study, model)}/instances")}
    for modality in MODALITIES:
        for series in _pages(web, path, Modality=modality):
            series_uid = uid(series, SERIES)
            for instance in _pages(web, f"{path}/{series_uid}/instances"):
                film = Film(study, series_uid, uid(instance, INSTANCE))
                if value(instance, SOP_CLASS) != FOR_PROCESSING and report_uid(film.instance, model) not in reports:
                    yield film


def _pages(web: DicomWeb, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """Everything that matches, page by page; ends also with a service that knows no pages and answers the same again."""
    offset, before = 0, None
    while (page := web.search(path, limit=PAGE, offset=offset, **query)) and page != before:
        yield from page
        if len(page) < PAGE:
            return
        offset, before = offset + len(page), page


def _read(predictor: Predictor, web: DicomWeb, film: Film) -> str:
    data = web.retrieve(film.study, film.series, film.instance, max_bytes=LIMITS.max_bytes)
    header = header_of(data)
    if (header.StudyInstanceUID, header.SOPInstanceUID) != (film.study, film.instance):
        raise PacsError("the PACS gave another film than the one that was asked for; nothing was stored")
    reading = predictor.read(data)
    results = results_of(predictor, data, reading)
    if results.capture is not None:
        web.store(film.study, results.capture)
    web.store(film.study, results.report)
    return reading.status
