"""A Reading is valid against its schema, follows from the bundle's calibration, and answers even what cannot be read."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_code.bundle import open_bundle
from model_code.bundle_info import LabelCalibration, OperatingPoint, Rates
from model_code.calibration_curve import RAW, probability_of
from model_code.data.images import Limits, decode
from model_code.errors import BundleError
from model_code.model_card import NOT_A_DEVICE, PHANTOMS_ONLY
from model_code.predictor import PEAK_GRID, Predictor, decide, peak_of
from model_code.prevalence import predictive_values
from model_code.reading import Reading
from model_code.shares import share
from model_code.tasks import CHEST14
from tests.conftest import Line
from tests.films import dicom, planted_in, png, ramp, real_film


def answer(reading: Reading) -> dict[str, Any]:
    """What must be the same wherever a film is read: all but the id and the times."""
    return reading.model_dump(by_alias=True, exclude={"id", "timing_ms"})


def test_a_reading_survives_its_json(film: bytes, predictor: Predictor) -> None:
    reading = predictor.read(film)
    assert Reading.model_validate_json(reading.to_json()) == reading
    assert json.loads(reading.to_json())["schema"] == "overread.reading/1"


def test_a_film_is_read_with_every_label_in_order(film: bytes, bundle: Path, predictor: Predictor) -> None:
    reading = predictor.read(film)
    assert reading.status == "read" and reading.reasons == ()
    assert tuple(finding.label for finding in reading.findings) == CHEST14.labels
    assert reading.image is not None
    assert (reading.image.rows, reading.image.columns) == (256, 256)
    assert reading.image.sha256 == hashlib.sha256(film).hexdigest()
    assert reading.model.sha256 == open_bundle(bundle).sha256
    assert reading.notice == f"{NOT_A_DEVICE} {PHANTOMS_ONLY}"


def test_findings_follow_from_logits_and_calibration(film: bytes, predictor: Predictor) -> None:
    scores = predictor.predict(decode(film))
    for index, finding in enumerate(predictor.read(film).findings):
        chosen = predictor.calibration[finding.label]
        assert finding.probability == pytest.approx(float(probability_of(chosen.curve, scores.logits[0, index])), abs=1e-6)
        assert finding.decision == decide(finding.probability, chosen)
        for point, told in (
            (chosen.rule_out, finding.operating_points.rule_out),
            (chosen.balanced, finding.operating_points.balanced),
            (chosen.rule_in, finding.operating_points.rule_in),
        ):
            assert told.positive == (finding.probability >= point.threshold)
            assert point.test is not None
            assert told.n == point.test.sensitivity.n + point.test.specificity.n
            assert told.sensitivity_95 == (point.test.sensitivity.low, point.test.sensitivity.high)
            assert (told.ppv, told.npv) == (None, None)  # nobody said how common findings are here


def test_a_local_prevalence_gives_predictive_values(film: bytes, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "here.json").write_text('{"Mass": 0.02}')
    findings = {found.label: found for found in Predictor.setup(bundle, prevalence=tmp_path / "here.json").read(film).findings}
    told = findings["Mass"].operating_points
    for point in (told.rule_out, told.balanced, told.rule_in):
        assert (point.ppv, point.npv) == predictive_values(point.sensitivity, point.specificity, 0.02)
    assert findings["Nodule"].operating_points.rule_in.ppv is None


def test_reading_twice_gives_the_same_answer_with_another_id(film: bytes, predictor: Predictor) -> None:
    one, other = predictor.read(film), predictor.read(film)
    assert answer(one) == answer(other) and one.id != other.id


def test_threads_give_the_same_answers(data: Path, predictor: Predictor) -> None:
    films = [path.read_bytes() for path in sorted((data / "films").iterdir())[:12]]
    alone = [answer(predictor.read(film)) for film in films]
    with ThreadPoolExecutor(4) as pool:
        assert [answer(reading) for reading in pool.map(predictor.read, films)] == alone


def test_times_add_up(film: bytes, predictor: Predictor) -> None:
    timing = predictor.read(film).timing_ms
    assert timing.decode >= 0 and timing.model >= 0
    assert timing.decode + timing.model <= timing.total + 0.02


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "unreadable"),
        (b"some text about nobody", "unreadable"),
        (png(ramp(8))[:60], "unreadable"),
        (dicom(None), "unreadable"),
        (dicom(ramp(12), NumberOfFrames=3), "unreadable"),
        (png(np.zeros((20, 20), np.uint8)), "too_small"),
    ],
    ids=["empty", "text", "truncated", "no pixels", "multi-frame", "too small"],
)
def test_what_cannot_be_read_is_answered(content: bytes, code: str, predictor: Predictor) -> None:
    reading = predictor.read(content)
    assert reading.status == "not_assessed" and reading.findings == () and reading.image is None
    assert [reason.code for reason in reading.reasons] == [code]
    assert Reading.model_validate_json(reading.to_json()) == reading


def test_a_refused_film_still_tells_its_size(predictor: Predictor) -> None:
    reading = predictor.read(real_film("RG3_UNCR.dcm"))
    assert reading.status == "not_assessed" and reading.image is not None
    assert reading.image.rows > 1000


def test_nothing_of_the_header_leaves_with_a_reading(film: bytes, predictor: Predictor) -> None:
    pixels = (decode(film).pixels * 4095).astype(np.uint16)
    for data in (dicom(pixels, BitsStored=12), dicom(pixels, Rows=5), dicom(None), dicom(pixels, BitsStored=3)):
        assert planted_in(data) and not planted_in(predictor.read(data).to_json())


def test_a_film_is_the_same_film_as_dicom_and_as_png(film: bytes, predictor: Predictor) -> None:
    pixels = np.round(decode(film).pixels * 255).astype(np.uint8)
    one, other = predictor.read(film), predictor.read(dicom(pixels, WindowCenter=128, WindowWidth=256))
    for a, b in zip(one.findings, other.findings, strict=True):
        assert a.probability == pytest.approx(b.probability, abs=1e-3)


def test_limits_are_the_predictors(film: bytes, bundle: Path) -> None:
    reading = Predictor.setup(bundle, Limits(max_pixels=1000)).read(film)
    assert reading.status == "not_assessed"


@pytest.mark.parametrize("stage", ["trained", "exported", "calibrated"])
def test_an_unfinished_bundle_does_not_answer(stage: str, line: Line) -> None:
    with pytest.raises(BundleError, match="yet; run: overread"):
        Predictor.setup(getattr(line, stage))


@pytest.mark.parametrize(
    ("probability", "present_from", "absent_to", "decision"),
    [
        (0.9, 0.6, 0.3, "present"),
        (0.1, 0.6, 0.3, "absent"),
        (0.45, 0.6, 0.3, "uncertain"),  # neither answer is likely
        (0.45, 0.3, 0.6, "uncertain"),  # both are
        (0.9, 0.3, 0.6, "present"),
        (0.1, 0.3, 0.6, "absent"),
        (0.5, 0.0, 1.0, "uncertain"),  # too few films to exclude anything
        (0.6, 0.6, 0.3, "present"),
        (0.3, 0.6, 0.3, "absent"),
    ],
)
def test_decisions(probability: float, present_from: float, absent_to: float, decision: str) -> None:
    point = OperatingPoint(threshold=0.5, validation=Rates(sensitivity=share(1, 1), specificity=share(1, 1)))
    calibration = LabelCalibration(
        curve=RAW, log_loss={}, present_from=present_from, absent_to=absent_to, rule_out=point, balanced=point, rule_in=point
    )
    assert decide(probability, calibration) == decision


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 3), (1, 2), (2, 0)])
def test_the_peak_lies_in_the_strongest_cell(row: int, column: int) -> None:
    label_map = np.zeros((4, 4), np.float32)
    label_map[row, column] = 1
    x, y = peak_of(label_map)
    assert (int(y * 4), int(x * 4)) == (row, column)
    assert (x * PEAK_GRID) % 1 == pytest.approx(0.5)
