"""The zip for Lambda: its parts from wheels drawn up here; then the real one, built once and run by Lambda's own client."""

from __future__ import annotations

import base64
import json
import platform
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.runtime_function import RUNTIME
from model_code.predictor import Predictor
from model_code.reading import Reading
from operations import lambda_zip
from operations.lambda_zip import DROPPED, Member, ZipError, members_of, write_zip
from tests.films import PLANTED, dicom, planted_in, ramp, real_film
from tests.lambda_runtime import Function, running
from tests.model_code.lambdas.test_serve import packed

HANDLER = "model_code.lambdas.serve.handler"


def wheel(folder: Path, **files: bytes) -> Path:
    path = folder / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_it_is_made_for_the_runtime_that_functions_have() -> None:
    assert RUNTIME.name == f"python{lambda_zip.PYTHON}"


@pytest.mark.parametrize(
    "name",
    [
        "numpy/_core/tests/test_a.py",
        "numpy/_core/include/numpy/a.h",
        "pydicom/data/test_files/a.dcm",
        "a/__pycache__/b.cpython-313.pyc",
        "thing-1.0.dist-info/RECORD",
        "onnxruntime/transformers/models/a.py",
    ],
)
def test_what_no_reading_needs_is_left_out(name: str) -> None:
    assert DROPPED.search(name)


@pytest.mark.parametrize(
    "name",
    [
        "numpy/testing/__init__.py",
        "numpy.libs/libscipy_openblas64_.so",
        "pylibjpeg_libjpeg-2.5.0.dist-info/entry_points.txt",
        "thing-1.0.dist-info/licenses/LICENSE",
        "model_code/lambdas/serve.py",
        "pydicom/examples/__init__.py",
        "documents.py",
    ],
)
def test_what_a_reading_or_a_lawyer_needs_stays(name: str) -> None:
    assert not DROPPED.search(name)


def test_a_wheel_is_taken_as_pip_would_lay_it_out(tmp_path: Path) -> None:
    files = {"thing/b.py": b"b", "thing-1.0.data/purelib/thing/a.py": b"a", "thing-1.0.data/scripts/run": b"#!", "thing/": b""}
    found = list(members_of(wheel(tmp_path, **files)))
    assert {(member.package, member.name, member.content) for member in found} == {
        ("thing", "thing/a.py", b"a"),
        ("thing", "thing/b.py", b"b"),
    }


def test_the_same_files_make_the_same_bytes_and_their_sizes_add_up(tmp_path: Path) -> None:
    members = [Member("a", "a/__init__.py", b"x" * 1000), Member("a", "a/tests/test_a.py", b"y" * 7), Member("b", "b.py", b"z")]
    sizes = write_zip(iter(members), tmp_path / "1.zip")
    write_zip(iter(members), tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    assert (sizes["a"].unzipped, sizes["a"].dropped, sizes["b"].unzipped) == (1000, 7, 1) and sizes["a"].zipped < 100
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.namelist() == ["a/__init__.py", "b.py"]
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([Member("a", "same.py", b"1"), Member("b", "same.py", b"2")], "b and another package both bring 'same.py'"),
        ([Member("a", "a.py", b"1" * 60), Member("b", "b.py", b"2" * 50)], "110 bytes; Lambda takes 100; the largest part is a"),
    ],
)
def test_a_zip_that_lambda_would_not_take_is_none(members: list[Member], says: str, tmp_path: Path) -> None:
    with pytest.raises(ZipError, match=says):
        write_zip(iter(members), tmp_path / "out.zip", limit=100)
    assert list(tmp_path.iterdir()) == []


def test_wheels_that_are_not_there_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert lambda_zip.main(["--out", str(tmp_path / "out.zip")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lambda: error: no wheels of Python 3.13 for Lambda: ERROR: ")
    assert list(tmp_path.iterdir()) == []


# --- the real one -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real zip unpacked: made as ``make lambda`` makes it, but for the Python that runs these tests."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the zip's wheels run on Linux on x86_64")
    folder = tmp_path_factory.mktemp("lambda")
    sizes = lambda_zip.build(folder / "reader.zip", f"{sys.version_info.major}.{sys.version_info.minor}")
    assert {"overread", "onnxruntime", "mangum", "fastapi"} <= set(sizes) and "boto3" not in sizes and "torch" not in sizes
    with zipfile.ZipFile(folder / "reader.zip") as archive:
        archive.extractall(folder / "task")
    return folder / "task"


def request(film: bytes, path: str = "/invocations", method: str = "POST") -> dict[str, Any]:
    """A Function URL's event (payload format 2.0)."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/dicom", "host": "id.lambda-url.us-east-1.on.aws"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
            "domainName": "id.lambda-url.us-east-1.on.aws",
            "stage": "$default",
        },
        "body": base64.b64encode(film).decode(),
        "isBase64Encoded": True,
    }


def comparable(text: str) -> dict[str, Any]:
    return Reading.model_validate_json(text).model_dump(exclude={"id", "timing_ms"})


def log_of(function: Function) -> str:
    assert function.log
    return function.log.read_text()


def test_lambdas_own_client_runs_it_and_the_answers_are_the_predictors(
    task: Path, bundle: Path, predictor: Predictor, tmp_path: Path
) -> None:
    chest, leg = real_film("RG1_J2KR.dcm"), real_film("RG3_J2KI.dcm")
    with running(task, HANDLER, model=packed(bundle), folder=tmp_path) as function:
        for film in (chest, leg, b"no film"):
            answer = function.invoke(request(film))
            assert answer["statusCode"] == 200, answer
            assert comparable(answer["body"]) == comparable(predictor.read(film).to_json())
        direct = function.invoke({"content_type": "application/dicom", "body": base64.b64encode(chest).decode()})
        assert comparable(json.dumps(direct)) == comparable(predictor.read(chest).to_json())
        assert json.loads(function.invoke(request(b"", "/ping", "GET"))["body"])["version"] == predictor.bundle.info.version
        assert function.fetched == ["/artifacts/chest14/model.tar.gz"], "the bundle is fetched once"
        assert list((tmp_path / "tmp").iterdir()) == [], "nothing is left on disk"


def test_before_a_snapshot_it_has_one_thread_and_no_socket_but_the_clients_own(
    task: Path, bundle: Path, film: bytes, tmp_path: Path
) -> None:
    with running(task, HANDLER, model=packed(bundle), folder=tmp_path, initialization="snap-start") as function:
        assert function.snapshot.wait(60), log_of(function)
        assert (function.threads(), len(function.sockets())) == (1, 1), "the socket is the one that asks for restore/next"
        assert function.fetched == []
        function.restore.set()
        assert function.invoke(request(film) | {"headers": {"content-type": "image/png"}})["statusCode"] == 200
        assert function.fetched == ["/artifacts/chest14/model.tar.gz"]


def test_its_log_names_nobody(task: Path, bundle: Path, tmp_path: Path) -> None:
    planted = dicom(ramp(12), BitsStored=12)
    assert planted_in(planted)
    name = PLANTED["PatientName"]
    with running(task, HANDLER, model=packed(bundle), folder=tmp_path) as function:
        answers = [function.invoke(request(planted)), function.invoke(request(planted, f"/predict/{name}"))]
        assert [answer["statusCode"] for answer in answers] == [200, 404]
        log = log_of(function)
    records = [json.loads(line) for line in log.splitlines()]
    assert [record["event"] for record in records] == ["reading"]
    assert not planted_in(log) and not planted_in(json.dumps(answers))
