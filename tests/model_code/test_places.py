"""Folders and buckets behave alike; buckets are moto's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from model_code.answers import Answers
from model_code.errors import OverreadError, UsageError
from model_code.places import Bucket, Folder, Place, Unreachable, place_of
from model_code.predict import predict, sources_of
from model_code.predictor import Predictor
from tests.aws import pretend_credentials
from tests.films import planted_in, real_film


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pretend_credentials(monkeypatch)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="films")
        yield


@pytest.fixture(params=["folder", "prefix", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, s3: None) -> Place:
    return place_of({"folder": str(tmp_path / "root"), "prefix": "s3://films/a/b/", "bucket": "s3://films"}[request.param])


def test_what_is_written_is_found_until_it_is_removed(place: Place) -> None:
    assert place.names() == [] and place.find("a.json") is None
    with place.alone():
        for name in ("b/c.png", "a.json", ".hidden"):
            place.write(name, b"1234")
    assert place.names() == ["a.json", "b/c.png"]
    assert (place.find("b/c.png"), place.read("a.json", 2)) == (b"1234", b"12")
    place.remove("a.json")
    place.remove("a.json")
    assert place.names() == ["b/c.png"]


def test_a_file_that_is_not_there_is_one_that_cannot_be_opened(place: Place) -> None:
    with pytest.raises(Unreachable, match=r"No such file|NoSuchKey"):
        place.read("Zebra^Quagga.dcm", 9)


def test_a_bucket_that_is_not_there_is_one_line(s3: None) -> None:
    for work in (lambda: place_of("s3://none/x").names(), lambda: place_of("s3://none/x").write("Zebra", b"")):
        with pytest.raises(OverreadError, match=r"the bucket 'none' cannot be .* \(NoSuchBucket\); check") as raised:
            work()
        assert not planted_in(str(raised.value))


def test_a_closed_bucket_is_told_by_its_code(s3: None, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Bucket("s3://films")

    def closed(**_: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Zebra^Quagga"}}, "GetObject")

    monkeypatch.setattr(place._client, "get_object", closed)
    with pytest.raises(Unreachable, match=r"^AccessDenied$"):
        place.read("a", 1)
    with pytest.raises(OverreadError, match=r"cannot be read \(AccessDenied\)"):
        place.find("a")


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match=r"pip install 'overread\[s3\]'"):
        place_of("s3://films")


def test_an_address_without_a_bucket_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="names no bucket"):
        place_of("s3:///films")


def test_a_second_run_in_a_folder_waits(tmp_path: Path) -> None:
    with Folder(tmp_path).alone(), pytest.raises(OverreadError, match="another run is writing"), Folder(tmp_path).alone():
        pass
    with Folder(tmp_path).alone():
        pass


def test_only_our_own_left_overs_are_removed(tmp_path: Path) -> None:
    ours = [".0123456789abcdef.json.k3jx_9", ".0123456789abcdef.png.aaaaaaaa", ".summary.csv.bbbbbbbb"]
    others = [".gitignore", ".config.toml.bak", "0123456789abcdef.json"]
    for name in (*ours, *others):
        (tmp_path / name).write_text("x")
    with Folder(tmp_path).alone():
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_a_bucket_is_read_into_a_bucket_with_the_predictors_answers(s3: None, predictor: Predictor, film: bytes) -> None:
    films, out = place_of("s3://films/in"), place_of("s3://films/out")
    films.write("1/Zebra^Quagga.png", film)
    films.write("2.dcm", real_film("RG3_J2KI.dcm"))
    films.write("3.txt", b"no film")
    sources = sources_of(["s3://films/in"], "s3://films/out")
    given = list(predict(predictor, sources, Answers(out, predictor)))
    for source, one in zip(sources, given, strict=True):
        assert one.reading is not None
        expected = predictor.read(source.read())
        assert one.reading.model_dump(exclude={"id", "timing_ms"}) == expected.model_dump(exclude={"id", "timing_ms"})
    names = out.names()
    assert [name.rpartition(".")[2] for name in sorted(names)].count("png") == 2
    assert sum(name.startswith("quarantine/") for name in names) == 1 and not any(planted_in(name) for name in names)
    again = list(predict(predictor, sources, Answers(out, predictor)))
    assert not any(one.fresh for one in again)
    assert [one.reading for one in again] == [one.reading for one in given]
