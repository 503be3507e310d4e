"""Report and capture of a real model's readings, through the predictor and the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from model_code.dicom.results import results_of, write_results
from model_code.dicom.study import NoStudyError
from model_code.predictor import Predictor
from tests.cli import overread
from tests.films import dicom, planted_in, png, ramp, real_film
from tests.judges import dump, errors_of

STUDY: dict[str, Any] = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"}


@pytest.mark.parametrize("name", ["RG1_J2KI", "RG3_UNCR"])
def test_judges_find_no_error_in_what_a_model_says_of_a_real_film(predictor: Predictor, name: str, tmp_path: Path) -> None:
    data = real_film(f"{name}.dcm")
    written = write_results(predictor, data, predictor.read(data), tmp_path)

    assert [path.suffixes for path in written] == [[".report", ".dcm"], [".capture", ".dcm"]]
    assert [errors_of(path) for path in written] == [[], []]
    assert predictor.bundle.info.version in dump("dsrdump", written[0])


def test_running_twice_gives_the_same_files_but_for_their_times(predictor: Predictor, tmp_path: Path) -> None:
    data = dicom(ramp(8), **STUDY)
    first, second = ([dcmread(path) for path in write_results(predictor, data, predictor.read(data), tmp_path)] for _ in range(2))

    assert len(list(tmp_path.iterdir())) == 2
    for one, other in zip(first, second, strict=True):
        for keyword in ("InstanceCreationDate", "InstanceCreationTime", "ContentDate", "ContentTime"):
            del one[keyword], other[keyword]
        assert one == other


def test_a_film_that_cannot_be_decoded_gets_a_report_and_no_picture(predictor: Predictor) -> None:
    data = dicom(ramp(8), **STUDY, NumberOfFrames=3)
    results = results_of(predictor, data, predictor.read(data))

    assert results.capture is None
    assert b"UNREADABLE" in results.report


def test_an_error_with_a_header_tells_nothing_of_it(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("Zebra^Quagga")

    monkeypatch.setattr("model_code.dicom.results.report", fail)
    data = dicom(ramp(8), **STUDY)
    with pytest.raises(NoStudyError, match="ValueError") as raised:
        results_of(predictor, data, predictor.read(data))
    assert not planted_in(str(raised.value))


def test_a_picture_has_no_study(predictor: Predictor, tmp_path: Path) -> None:
    data = png(ramp(8))
    with pytest.raises(NoStudyError):
        write_results(predictor, data, predictor.read(data), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_files_without_names_and_says_where_there_is_no_study(bundle: Path, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (films / "a.dcm").write_bytes(dicom(ramp(12), **STUDY))
    (films / "b.png").write_bytes(png(ramp(8)))
    done = overread("predict", films, "--bundle", bundle, "--dicom-out", tmp_path / "out", "--json")
    written = sorted(path.name for path in (tmp_path / "out").iterdir())

    assert done.returncode == 0, done.stderr
    assert len(written) == 2 and not planted_in(" ".join(written))
    assert ": no DICOM results: it is not a DICOM file, so there is no study to write into" in done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert not planted_in(done.stdout + done.stderr)
