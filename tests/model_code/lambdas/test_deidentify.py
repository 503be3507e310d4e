from __future__ import annotations

import json
from typing import Any

import pytest

from model_code.contract import Arrivals
from model_code.data.images import LIMITS
from model_code.lambdas import deidentify
from model_code.lambdas.deidentify import IntakeError, handler
from tests.aws import AwsError, FakeAws, stream
from tests.films import planted_in, real_film
from tests.model_code.lambdas.conftest import arrival

KEY = "films/Zebra^Quagga/chest one.dcm"
FILM = real_film("RG3_J2KI.dcm")
ETAG = '"0123"'


@pytest.fixture(autouse=True)
def intake(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """An intake with one good film."""
    for name in ("INTAKE_BUCKET", "CLEAN_BUCKET", "PSEUDONYMS_KEY_ID"):
        monkeypatch.setenv(name, name.lower().replace("_", "-"))
    deidentify.pseudonyms.cache_clear()
    aws.replies["kms.GenerateMac"] = {"Mac": b"m" * 32, "MacAlgorithm": "HMAC_SHA_256", "KeyId": "key"}
    aws.replies["s3.GetObject"] = lambda _: {"Body": stream(FILM), "ETag": ETAG}
    for operation in ("PutObject", "PutObjectTagging", "CopyObject", "DeleteObject"):
        aws.replies[f"s3.{operation}"] = {}
    return aws


def take(key: str = KEY) -> None:
    handler(arrival(key, "intake-bucket"), None)


def spoilt(aws: FakeAws, data: bytes = b"about Zebra^Quagga") -> None:
    aws.replies["s3.GetObject"] = lambda _: {"Body": stream(data), "ETag": ETAG}


def test_a_film_goes_to_clean_under_another_name(aws: FakeAws) -> None:
    take()
    (put,) = aws.of("s3.PutObject")
    (tagging,) = aws.of("s3.PutObjectTagging")

    assert put["Bucket"] == "clean-bucket"
    assert put["Key"].startswith("chest14/films/P")
    assert not planted_in(put["Key"])
    assert b"CompressedSamples" not in put["Body"]
    assert tagging["Key"] == KEY
    assert tagging["Tagging"] == {"TagSet": [{"Key": "clean-film", "Value": put["Key"]}]}
    assert not aws.of("s3.DeleteObject")


def test_the_same_event_twice_gives_the_same_film(aws: FakeAws) -> None:
    take()
    aws.replies["s3.PutObject"] = refuse("PreconditionFailed", 412)
    take()
    first, second = aws.of("s3.PutObject")

    assert (first["Key"], first["Body"]) == (second["Key"], second["Body"])
    assert first["IfNoneMatch"] == "*"
    assert len(aws.of("kms.GenerateMac")) == 1


def test_a_film_that_was_moved_is_left_alone(aws: FakeAws) -> None:
    aws.replies["s3.GetObject"] = refuse("NoSuchKey", 404)
    take()

    assert [name for name, _ in aws.calls] == ["s3.GetObject"]


def test_what_is_no_film_is_moved_aside_with_the_reason(aws: FakeAws) -> None:
    spoilt(aws)
    take()
    (copied,) = aws.of("s3.CopyObject")
    (reason,) = aws.of("s3.PutObject")
    (deleted,) = aws.of("s3.DeleteObject")

    assert copied["Key"] == "quarantine/Zebra^Quagga/chest one.dcm"
    assert copied["CopySourceIfMatch"] == deleted["IfMatch"] == ETAG
    assert reason["Key"] == f"{copied['Key']}.reason.json"
    assert json.loads(reason["Body"])["code"] == "not_an_image"
    assert not planted_in(reason["Body"])
    assert "VersionId" not in deleted  # the version stays below a marker


def test_the_original_stays_where_its_copy_was_not_made(aws: FakeAws) -> None:
    spoilt(aws)
    aws.replies["s3.CopyObject"] = refuse("SlowDown", 503)

    with pytest.raises(IntakeError, match="SlowDown"):
        take()
    assert not aws.of("s3.DeleteObject")


def test_a_film_that_came_in_the_meantime_is_not_moved(aws: FakeAws) -> None:
    spoilt(aws)
    aws.replies["s3.CopyObject"] = refuse("PreconditionFailed", 412)
    take()

    assert not aws.of("s3.DeleteObject")


def test_no_more_is_read_than_the_decoder_takes(aws: FakeAws) -> None:
    assert LIMITS.max_bytes == Arrivals.MAX_FILM_BYTES
    spoilt(aws, bytes(LIMITS.max_bytes + 1))
    take()

    assert json.loads(aws.of("s3.PutObject")[0]["Body"])["code"] == "too_large"


def test_each_film_is_counted_and_its_name_is_not_logged(aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    take()
    spoilt(aws)
    take()
    text = capsys.readouterr().out
    clean, quarantined = (json.loads(line) for line in text.splitlines())

    assert clean["FilmsDeidentified"] == quarantined["FilmsQuarantined"] == 1
    assert (quarantined["Environment"], quarantined["Task"]) == ("test", "chest14")
    assert quarantined["code"] == "not_an_image"
    assert clean["object"] == quarantined["object"]
    assert not planted_in(text)


def test_a_service_that_fails_makes_the_event_come_again_without_a_word_of_it(aws: FakeAws) -> None:
    aws.replies["s3.PutObject"] = refuse("SlowDown", 503)

    with pytest.raises(IntakeError, match="SlowDown") as raised:
        take()
    assert raised.value.__suppress_context__
    assert not planted_in(str(raised.value))


def test_the_key_is_laid_down_for_jobs(aws: FakeAws) -> None:
    handler({"wanted": "key"}, None)

    assert aws.of("s3.PutObject") == [{"Bucket": "intake-bucket", "Key": Arrivals.KEY, "Body": b"m" * 32}]


def test_a_function_without_its_variables_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLEAN_BUCKET")

    with pytest.raises(IntakeError, match="CLEAN_BUCKET"):
        take()


def refuse(code: str, status: int) -> Any:
    def reply(_: dict[str, Any]) -> dict[str, Any]:
        raise AwsError(code, status)

    return reply
