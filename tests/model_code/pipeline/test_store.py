"""Buckets as folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_code.errors import OverreadError
from model_code.pipeline.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "s3")
    for name in ("films/a.png", "films/deep/b.png", "films/c.png", "films-of-others/d.png"):
        made.write(f"s3://bucket/{name}", name.encode())
    return made


def test_an_object_is_staged_by_its_name_and_a_prefix_by_what_is_below_it(store: Store, tmp_path: Path) -> None:
    assert store.stage("s3://bucket/films/a.png", tmp_path / "one") == 1
    assert store.stage("s3://bucket/films", tmp_path / "all") == 3

    assert [path.name for path in (tmp_path / "one").iterdir()] == ["a.png"]
    assert (tmp_path / "all/deep/b.png").read_bytes() == b"films/deep/b.png"


def test_shares_are_disjoint_and_whole(store: Store, tmp_path: Path) -> None:
    shares = []
    for number in range(4):
        store.stage("s3://bucket/films", tmp_path / str(number), share=(number, 4))
        shares += [path.name for path in (tmp_path / str(number)).rglob("*.png")]
    assert sorted(shares) == ["a.png", "b.png", "c.png"]


def test_uploads_replace_what_is_there(store: Store, tmp_path: Path) -> None:
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/b.png").write_bytes(b"new")
    assert store.collect(tmp_path / "out", "s3://bucket/films") == 1
    assert store.read("s3://bucket/films/deep/b.png") == b"new"
    assert store.read("s3://bucket/films/a.png") == b"films/a.png"


def test_what_is_lent_is_read_where_it_lies(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine/films").mkdir(parents=True)
    (tmp_path / "mine/films/x.png").write_bytes(b"x")
    (tmp_path / "mine/manifest.csv").write_bytes(b"image")
    store.lend("s3://laptop/run/films", tmp_path / "mine")
    store.write("s3://laptop/run/films/more.csv", b"")

    assert store.stage("s3://laptop/run/films", tmp_path / "staged") == 3
    assert store.read("s3://laptop/run/films/manifest.csv") == b"image"
    assert not (tmp_path / "mine/more.csv").exists()


@pytest.mark.parametrize("address", ["films", "https://bucket/a", "s3://", "s3://bucket/../../etc/passwd", "s3://../x"])
def test_an_address_outside_the_buckets_is_refused(store: Store, address: str) -> None:
    with pytest.raises(OverreadError, match="is no address in S3; allowed: s3://BUCKET/KEY"):
        store.path(address)


def test_what_is_not_there_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(OverreadError, match="no object at 's3://bucket/none'"):
        store.read("s3://bucket/none")
    with pytest.raises(OverreadError, match="no object at or below 's3://bucket/none'"):
        store.stage("s3://bucket/none", tmp_path / "x")
