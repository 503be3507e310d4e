"""The two files that a Reading becomes in a PACS: report and capture."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydicom import Dataset

from model_code.dicom.capture import capture
from model_code.dicom.report import report
from model_code.dicom.study import NoStudyError, header_of
from model_code.errors import ImageError, OverreadError
from model_code.files import atomic_file
from model_code.overlay import overlay
from model_code.predictor import Predictor
from model_code.reading import Reading


@dataclass(frozen=True)
class Results:
    """Files' bytes. There is no capture where the film could not be decoded: nothing to draw on."""

    report: bytes
    capture: bytes | None


def results_of(predictor: Predictor, data: bytes, reading: Reading) -> Results:
    """Report and capture of a film's Reading. Only their times differ when it is asked for twice.

    Raises:
        NoStudyError: the file names no study that they could go into, or its header is too odd to be written again.
        UsageError: highdicom is not installed (extra ``pacs``).
    """
    header, now = header_of(data), datetime.now().astimezone()
    try:
        image = predictor.decode(data)
    except ImageError:
        picture = None
    else:
        picture = overlay(image, predictor.predict(image), reading)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's quote the values that they are about
            return Results(
                _file(report(header, reading, now=now)),
                _file(capture(header, reading, picture, now=now)) if picture else None,
            )
    except OverreadError:
        raise
    except Exception as error:  # their texts quote header values
        raise NoStudyError(
            f"the film's DICOM header cannot be taken over ({type(error).__name__}); check it with dciodvfy"
        ) from None


def write_results(predictor: Predictor, data: bytes, reading: Reading, folder: Path) -> tuple[Path, ...]:
    """Writes ``<sha256>.report.dcm`` and ``<sha256>.capture.dcm``, named by content: a file's own name can hold a patient's.

    Raises:
        NoStudyError, UsageError: as ``results_of``.
        OverreadError: the folder cannot be written.
    """
    results, name = results_of(predictor, data, reading), hashlib.sha256(data).hexdigest()[:16]
    written = []
    for kind, content in (("report", results.report), ("capture", results.capture)):
        if content is not None:
            target = folder / f"{name}.{kind}.dcm"
            with atomic_file(target) as temporary:
                temporary.write_bytes(content)
            written.append(target)
    return tuple(written)


def _file(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
