"""The reader as a function gives the predictor's answer, from a real bundle that a fake S3 holds."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from model_code.errors import BundleError
from model_code.lambdas import serve
from model_code.predictor import Predictor
from model_code.reading import Reading
from tests.aws import FakeAws, stream
from tests.films import dicom, planted_in, ramp
from tests.model_code.lambdas.conftest import package

KEY = "chest14/runs/1/evaluate/bundle/model.tar.gz"
DESCRIBED = {
    "ModelPackageName": "overread-test-chest14/3",
    "ModelPackageArn": package(3),
    "CreationTime": datetime(2026, 2, 1, tzinfo=UTC),
    "ModelPackageStatus": "Completed",
    "ModelPackageStatusDetails": {"ValidationStatuses": []},
    "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": f"s3://artifacts/{KEY}"}]},
}


def packed(bundle: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path in sorted(bundle.iterdir()):
            tar.add(path, path.name)
    return buffer.getvalue()


@pytest.fixture
def registered(bundle: Path, aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """The registry has the package, and S3 its archive."""
    aws.replies["sagemaker.DescribeModelPackage"] = DESCRIBED
    aws.replies["s3.GetObject"] = lambda _: {"Body": stream(packed(bundle))}
    monkeypatch.setenv("MODEL_PACKAGE", package(3))
    serve.predictor.cache_clear()
    return aws


def event(film: bytes, content_type: str = "image/png") -> dict[str, Any]:
    return {"content_type": content_type, "body": base64.b64encode(film).decode()}


def comparable(reading: dict[str, Any]) -> dict[str, Any]:
    return Reading.model_validate_json(json.dumps(reading)).model_dump(exclude={"id", "timing_ms"})


def test_it_gives_the_answer_of_every_other_way_in(registered: FakeAws, film: bytes, predictor: Predictor) -> None:
    reading = serve.handler(event(film), None)

    assert reading["status"] == "read"
    assert comparable(reading) == comparable(json.loads(predictor.read(film).to_json()))


def test_the_bundle_is_fetched_once_a_process_and_leaves_no_file(
    registered: FakeAws, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for _ in range(2):
        serve.handler(event(film), None)

    assert registered.of("sagemaker.DescribeModelPackage") == [{"ModelPackageName": package(3)}]
    assert registered.of("s3.GetObject") == [{"Bucket": "artifacts", "Key": KEY}]
    assert set(tmp_path.iterdir()) == set()


def test_an_altered_bundle_is_refused_by_name(registered: FakeAws, own_bundle: Path, film: bytes) -> None:
    with (own_bundle / "model.onnx").open("ab") as file:
        file.write(b"x")
    registered.replies["s3.GetObject"] = {"Body": stream(packed(own_bundle))}

    with pytest.raises(BundleError, match=r"'model.onnx' does not match SHA256SUMS"):
        serve.handler(event(film), None)


def test_what_cannot_be_read_is_an_answer(registered: FakeAws) -> None:
    reading = serve.handler(event(b"text", "application/dicom"), None)

    assert (reading["status"], reading["reasons"][0]["code"]) == ("not_assessed", "unreadable")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"content_type": "text/csv", "body": ""}, r"content type is not one of application/dicom"),
        ({"body": ""}, r"content type is not one of"),
        ({"content_type": "image/png"}, r"no 'body' in base64"),
        ({"content_type": "image/png", "body": "%%%"}, r"no 'body' in base64"),
        ({"content_type": "image/png", "body": None}, r"no 'body' in base64"),
    ],
)
def test_an_event_that_is_no_film_is_refused(registered: FakeAws, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(serve.RequestError, match=message):
        serve.handler(wrong, None)
    assert registered.calls == [], "nothing is fetched for it"


def test_content_types_may_carry_parameters(film: bytes) -> None:
    assert serve.film_of(event(film, "Image/PNG; charset=binary")) == film


def test_the_log_is_one_line_that_names_nobody(registered: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    named = dicom(ramp(12), BitsStored=12)
    assert planted_in(named)
    reading = serve.handler(event(named, "application/dicom"), None)
    (line,) = capsys.readouterr().out.splitlines()

    record = json.loads(line)
    assert (record["event"], record["reading"], record["status"]) == ("reading", reading["id"], reading["status"])
    assert not planted_in(line) and not planted_in(json.dumps(reading))
