"""Films with planted identities go through every host; nothing of them may come out anywhere but in the image itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto import mock_aws

from model_code.__main__ import app as command_line
from model_code.data.images import decode
from model_code.lambdas import deidentify as deidentify_function
from model_code.lambdas import predict, read_study
from model_code.lambdas import serve as serve_function
from model_code.tasks import CHEST14
from tests.aws import FakeAws, pretend_credentials, stream
from tests.cli import overread, serving
from tests.model_code.lambdas.conftest import (  # noqa: F401  fixtures
    INVOKE,
    RESULT,
    STUDY,
    Store,
    arrival,
    aws,
    deployed,
    inference,
    request,
    store,
)
from tests.phi import NAME, PLANTED, WORDS, everything_below, films, leaks

TEXT = PLANTED["PatientName"]


@pytest.fixture(scope="module")
def planted(film: bytes) -> dict[str, bytes]:
    return films(decode(film).pixels)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, of this process and of its children."""
    folder = tmp_path / "watched"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def folder(planted: dict[str, bytes], tmp_path: Path) -> Path:
    """The films as somebody stores them: the patient in the names of files and of their folder."""
    root = tmp_path / "in"
    (root / NAME).mkdir(parents=True)
    for name, data in planted.items():
        (root / NAME / name).write_bytes(data)
    return root


def assert_silent(*told: bytes | str) -> None:
    for text in told:
        assert leaks(text) == [], str(text)[:2000]


@pytest.mark.parametrize(
    "form",
    [
        str, str.upper, lambda w: "^".join(w.split("^")[::-1]), lambda w: w.encode().hex(), lambda w: w.encode("utf-16"),
        *(lambda w, n=n: base64.b64encode(b"x" * n + w.encode() + b"yz") for n in range(3)), lambda w: w.replace("^", "%5E"),
    ],
    ids=["plain", "upper", "reversed", "hex", "utf-16", "base64 0", "base64 1", "base64 2", "quoted"],
)  # fmt: skip
def test_the_search_finds_what_is_hidden(form: Any) -> None:
    for word in WORDS:
        hidden = form(word)
        assert word in leaks(b"something " + (hidden.encode() if isinstance(hidden, str) else hidden) + b" else"), word


def test_the_films_hold_what_is_planted(planted: dict[str, bytes]) -> None:
    assert all(leaks(data) for data in planted.values())
    assert decode(planted[f"{NAME}.dcm"]).rows > 0


def test_the_command_line(folder: Path, bundle: Path, tmp_path: Path, temporary: Path) -> None:
    out = tmp_path / "out"
    bulk = overread("predict", folder, "--bundle", bundle, "--json", "--out", out)
    assert bulk.returncode == 0, bulk.stderr
    (tmp_path / "pictures").mkdir()
    one = folder / NAME / f"{NAME}.dcm"
    single = overread(
        "predict", one, "--bundle", bundle, "--overlay", tmp_path / "pictures" / "one.png", "--out", tmp_path / "more"
    )
    assert single.returncode == 0, single.stderr
    wrong = overread("predict", folder / NAME / "nobody", "--bundle", bundle)
    unquoted = overread("deidentify", "--root", folder, "--out", out, "--key", out, *NAME.split())
    assert wrong.returncode == unquoted.returncode == 2

    assert len(bulk.stdout.splitlines()) == len(list((folder / NAME).iterdir()))
    for done in (bulk, single, wrong, unquoted):
        assert_silent(done.stdout, done.stderr)
    assert_silent(everything_below(out, tmp_path / "pictures", tmp_path / "more"))
    assert list(temporary.rglob("*")) == []


def test_a_bucket(
    planted: dict[str, bytes],
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    temporary: Path,
) -> None:
    """The patient is in the films' keys; nothing of it may be in the answers, in their keys, or on the screen."""
    pretend_credentials(monkeypatch)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="films")
        for name, data in planted.items():
            s3.put_object(Bucket="films", Key=f"in/{NAME}/{name}", Body=data)
        command_line(["predict", "s3://films/in", "--bundle", str(bundle), "--out", "s3://films/out"], standalone_mode=False)
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket="films", Prefix="out/")["Contents"]]
        answers = [s3.get_object(Bucket="films", Key=key) for key in keys]
        told = b"".join(answer["Body"].read() + repr(answer["Metadata"]).encode() for answer in answers)

    assert len(keys) > len(planted) // 2
    assert_silent(*capfd.readouterr(), told, repr(keys))
    assert list(temporary.rglob("*")) == []


def test_de_identification_and_preparation(folder: Path, tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "key").write_bytes(b"k" * 32)
    clean, data = tmp_path / "clean", tmp_path / "data"
    done = overread("deidentify", "--root", folder, "--out", clean, "--key", tmp_path / "key", "--json")
    assert done.returncode == 0, done.stderr
    columns = ["image", "group", "note", *CHEST14.labels]
    lines = [[f"{NAME}/{path.name}", PLANTED["PatientID"], TEXT, *["0"] * 14] for path in (folder / NAME).iterdir()]
    (folder / "manifest.csv").write_text("\n".join(",".join(line) for line in [columns, *lines]))
    prepared = overread("prepare", "--source", "folder", "--root", folder, "--out", data, "--json")
    assert prepared.returncode == 0, prepared.stderr

    assert_silent(done.stdout, done.stderr, prepared.stdout, prepared.stderr, everything_below(clean, data))
    assert list(temporary.rglob("*")) == []


def test_the_server(planted: dict[str, bytes], bundle: Path, tmp_path: Path, temporary: Path) -> None:
    answers = []
    log = tmp_path / "log"
    secret = {"x-patient": TEXT, "user-agent": TEXT, "cookie": f"patient={PLANTED['PatientID']}"}
    with serving(bundle, log) as address, httpx.Client(base_url=address, timeout=120, trust_env=False, headers=secret) as client:
        for name, data in planted.items():
            answers.append(client.post("/predict", files={"file": (name, data, "application/dicom")}))
            answers.append(client.post("/invocations", content=data, headers={"content-type": "application/dicom"}))
        answers += _bad_requests(client)
        answers += [client.get(path) for path in ("/metrics", "/ping", "/openapi.json")]
        open_files = everything_below(temporary)

    assert max(answer.status_code for answer in answers) < 500
    assert_silent(*(answer.text + str(answer.headers) for answer in answers), log.read_text(), open_files)
    assert list(temporary.rglob("*")) == []


def _bad_requests(client: httpx.Client) -> Iterator[httpx.Response]:
    number = PLANTED["PatientID"]
    yield client.get(f"/{number}", params={"name": TEXT})
    yield client.put("/invocations", params={"name": TEXT})
    yield client.post("/invocations", content=TEXT, headers={"content-type": f"text/{number}"})
    yield client.post("/predict", data={"name": TEXT})
    yield client.post("/predict", data={"file": TEXT})
    yield client.post("/predict", content=TEXT, headers={"content-type": f"multipart/form-data; boundary={number}"})
    yield client.post("/predict", content=TEXT, headers={"content-type": "multipart/form-data"})
    yield client.post("/predict", json={"file": TEXT})


def recorded(aws: FakeAws) -> str:  # noqa: F811
    """What the functions asked services for, but for the film that goes to the endpoint."""
    return repr([(name, {key: value for key, value in asked.items() if key != "Body"}) for name, asked in aws.calls])


@pytest.fixture
def answering(aws: FakeAws, predictor: Any, monkeypatch: pytest.MonkeyPatch) -> FakeAws:  # noqa: F811
    """The endpoint reads with the real predictor; so do functions that read by themselves."""
    aws.replies[INVOKE] = lambda asked: inference(json.loads(predictor.read(asked["Body"]).to_json()))
    monkeypatch.setattr(serve_function, "predictor", lambda: predictor)
    monkeypatch.setattr(read_study, "predictor", lambda _: predictor)
    return aws


def test_the_prediction_functions(
    planted: dict[str, bytes], answering: FakeAws, capfd: pytest.CaptureFixture[str], temporary: Path
) -> None:
    told = []
    headers = {"Content-Type": "application/dicom", "x-overread-study": PLANTED["AccessionNumber"], "x-patient": TEXT}
    for film in planted.values():
        told.append(json.dumps(predict.handler(request(body=film, headers=headers), None)))
        event = {"content_type": "application/dicom", "body": base64.b64encode(film).decode()}
        told.append(json.dumps(serve_function.handler(event, None)))
    wrong = request(body={"name": TEXT}, headers={**headers, "Content-Type": f"text/{PLANTED['PatientID']}"})
    told.append(json.dumps(predict.handler(wrong, None)))

    def fails(_: Any) -> Any:
        raise RuntimeError(TEXT)

    answering.replies[INVOKE] = fails
    told.append(json.dumps(predict.handler(request(body=film, headers=headers), None)))
    for event in ({"content_type": TEXT, "body": ""}, {"content_type": "image/png", "body": TEXT}):
        with pytest.raises(serve_function.RequestError) as raised:
            serve_function.handler(event, None)
        told.append(str(raised.value))
    assert_silent(*told, *capfd.readouterr(), recorded(answering))
    assert list(temporary.rglob("*")) == []


def test_the_study_function(
    planted: dict[str, bytes],
    answering: FakeAws,
    store: Store,  # noqa: F811
    predictor: Any,
    capfd: pytest.CaptureFixture[str],
    temporary: Path,
) -> None:
    answering.replies[INVOKE] = lambda asked: inference(json.loads(predictor.read(asked["Body"]).to_json()))
    for film in planted.values():
        store.objects.pop(RESULT, None)
        store.send(film)
        read_study.handler(arrival(f"uploads/{STUDY}"), None)
        assert_silent(json.dumps(store.result))
    assert_silent(*capfd.readouterr(), recorded(answering), repr(sorted(store.objects)))
    assert list(temporary.rglob("*")) == []


def test_the_intake_function(
    planted: dict[str, bytes],
    aws: FakeAws,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    temporary: Path,
) -> None:
    """Quarantine keeps a film under its own key, in the bucket where it came in; nothing else may hold that name."""
    for name in ("INTAKE_BUCKET", "CLEAN_BUCKET", "PSEUDONYMS_KEY_ID"):
        monkeypatch.setenv(name, name.lower().replace("_", "-"))
    deidentify_function.pseudonyms.cache_clear()
    aws.replies["kms.GenerateMac"] = {"Mac": b"m" * 32, "MacAlgorithm": "HMAC_SHA_256", "KeyId": "key"}
    for operation in ("PutObject", "PutObjectTagging", "CopyObject", "DeleteObject"):
        aws.replies[f"s3.{operation}"] = {}
    out = tmp_path / "clean"
    out.mkdir()
    for name, film in planted.items():
        aws.replies["s3.GetObject"] = {"Body": stream(film), "ETag": '"1"'}
        deidentify_function.handler(arrival(f"films/{NAME}/{name}", "intake-bucket"), None)
    for number, put in enumerate(aws.of("s3.PutObject")):
        (out / str(number)).write_bytes(put["Body"])
        if put["Bucket"] == "clean-bucket":
            assert_silent(put["Key"])
    for tagged in aws.of("s3.PutObjectTagging"):
        assert_silent(repr(tagged["Tagging"]))
    assert_silent(*capfd.readouterr(), everything_below(out))
    assert list(temporary.rglob("*")) == []
