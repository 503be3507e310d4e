"""The path of one film: whatever file it comes in and whoever asks, it gets the same answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from model_code.data.images import decode
from model_code.predictor import Predictor
from model_code.reading import Reading
from tests.cli import overread, serving
from tests.films import png, real_film


def probabilities(predictor: Predictor, data: bytes) -> np.ndarray[Any, Any]:
    reading = predictor.read(data)
    assert reading.status == "read", reading.reasons
    return np.array([finding.probability for finding in reading.findings])


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("RG1_J2KR.dcm", 1e-4), ("16 bit PNG", 1e-4), ("RG1_UNCI.dcm", 0.02), ("RG1_J2KI.dcm", 0.02)],
)
def test_five_encodings_of_the_real_film_give_the_same_probabilities(name: str, tolerance: float, predictor: Predictor) -> None:
    uncompressed = real_film("RG1_UNCR.dcm")
    repacked = png(np.round(decode(uncompressed).pixels * 65535).astype(np.uint16))
    data = repacked if name == "16 bit PNG" else real_film(name)
    np.testing.assert_allclose(probabilities(predictor, data), probabilities(predictor, uncompressed), atol=tolerance, rtol=0)


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "RG3_UNCR.dcm", "text"])
def test_predictor_command_line_and_server_give_the_same_reading(
    name: str, predictor: Predictor, bundle: Path, tmp_path: Path
) -> None:
    """One for a film that is read, one for a film that is refused, one for a file that is none."""
    data = b"no film at all" if name == "text" else real_film(name)
    (tmp_path / "film.dcm").write_bytes(data)
    by_command = overread("predict", tmp_path / "film.dcm", "--bundle", bundle, "--json")
    assert by_command.returncode == 0, by_command.stderr
    with serving(bundle, tmp_path / "log") as address, httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
        raw = client.post("/invocations", content=data, headers={"content-type": "application/dicom"})
        uploaded = client.post("/predict", files={"file": ("film.dcm", data)})
    texts = [predictor.read(data).to_json(), by_command.stdout, raw.text, uploaded.text]
    answers = [{k: v for k, v in json.loads(text).items() if k not in ("id", "timing_ms")} for text in texts]
    assert all(answer == answers[0] for answer in answers[1:])
    assert len({Reading.model_validate_json(text).id for text in texts}) == 4
