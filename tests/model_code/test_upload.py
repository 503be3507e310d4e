"""A data set becomes channels in a bucket; the bucket is moto's."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pandas as pd
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from model_code import upload as module
from model_code.data.manifest import read_manifest
from model_code.data.shards import open_shards
from model_code.errors import ManifestError, OverreadError, UsageError
from model_code.prepare import Order, prepare
from model_code.tasks import SKIN8
from model_code.upload import SUM, Item, upload
from tests.aws import pretend_credentials
from tests.sources import isic

PART = 5 * 2**20
"""The smallest that S3 takes."""


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    pretend_credentials(monkeypatch)
    monkeypatch.setattr(module, "PART", PART)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="films")
        yield client


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("upload")
    prepare(Order(spec=SKIN8, source="isic", root=isic(root / "raw"), seed=0, out=root / "data", image_size=32))
    return root / "data"


def keys(s3: Any) -> dict[str, Any]:
    return {one["Key"]: one for one in s3.list_objects_v2(Bucket="films").get("Contents", ())}


def test_the_channels_are_read_as_the_data_set_itself(s3: Any, data: Path, tmp_path: Path) -> None:
    done = upload(data, "s3://films/a/b/")
    for key in keys(s3):
        target = tmp_path / key.removeprefix("a/b/")
        target.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file("films", key, str(target))
    assert done["sent"] == len(keys(s3)) and sorted(path.name for path in tmp_path.iterdir()) == ["test", "train", "val"]

    one, other = read_manifest(data, SKIN8), read_manifest(tmp_path, SKIN8)
    mine, theirs = (manifest.frame.sort_values("sha256", ignore_index=True) for manifest in (one, other))
    assert (theirs["split"] + "/" + mine["image"]).tolist() == theirs["image"].tolist()
    pd.testing.assert_frame_equal(mine.drop(columns="image"), theirs.drop(columns="image"))
    assert all(path.is_file() for path in other.paths)
    rows = np.arange(len(one))
    order = pd.Index(other.frame["sha256"]).get_indexer(pd.Index(one.frame["sha256"]))
    np.testing.assert_array_equal(open_shards(data, one)[rows], open_shards(tmp_path, other)[order])
    val = read_manifest(tmp_path / "val", SKIN8)
    assert set(val.frame["split"]) == {"val"} and len(open_shards(tmp_path / "val", val)) == len(val)


def test_what_is_there_is_not_sent_again(s3: Any, data: Path, tmp_path: Path) -> None:
    first = upload(data, "s3://films")
    assert upload(data, "s3://films") == {"sent": 0, "there": first["sent"]}
    own = Path(shutil.copytree(data, tmp_path / "data"))
    shard = sorted((own / "shards").glob("train-*.npy"))[0]
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    s3.delete_object(Bucket="films", Key="train/manifest.parquet")
    assert upload(own, "s3://films")["sent"] == 2
    assert s3.get_object(Bucket="films", Key=f"train/shards/{shard.name}")["Body"].read() == content


def test_manifests_come_last(s3: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Any, item: Item) -> None:
        if item.name.endswith(".npy"):
            raise OverreadError("broken off")
        send(self, item)

    send = module._Bucket._send
    monkeypatch.setattr(module._Bucket, "_send", fails)
    with pytest.raises(OverreadError, match="broken off"):
        upload(data, "s3://films")
    assert not [key for key in keys(s3) if key.endswith("manifest.parquet")]


@pytest.fixture
def large(tmp_path: Path) -> Item:
    path = tmp_path / "train-00000.npy"
    path.write_bytes(np.random.default_rng(0).bytes(2 * PART + 1000))
    return Item("train/shards/train-00000.npy", path)


def begin(s3: Any, item: Item, first: bytes) -> str:
    """An upload of which one part was sent before it broke off."""
    target = {"Bucket": "films", "Key": item.name}
    upload_id: str = s3.create_multipart_upload(**target, ChecksumAlgorithm="SHA256", Metadata={module.SUM: item.sha256})[
        "UploadId"
    ]
    s3.upload_part(**target, UploadId=upload_id, PartNumber=1, Body=first, ChecksumAlgorithm="SHA256")
    return upload_id


def test_large_files_go_in_parts_and_an_interrupted_one_goes_on(s3: Any, large: Item) -> None:
    content = large.content.read_bytes()  # type: ignore[union-attr]
    begin(s3, large, content[:PART])
    bucket = module._Bucket("s3://films", None)
    sent: list[int] = []
    bucket._client.meta.events.register("before-call.s3.UploadPart", lambda params, **_: sent.append(1))
    assert bucket.bring(large, bucket.sizes())
    assert len(sent) == 2  # of three parts
    assert s3.get_object(Bucket="films", Key=large.name)["Body"].read() == content
    assert not bucket.bring(large, bucket.sizes())
    assert not s3.list_multipart_uploads(Bucket="films").get("Uploads")


def test_parts_of_another_file_are_given_up(s3: Any, large: Item) -> None:
    begin(s3, large, b"x" * PART)
    bucket = module._Bucket("s3://films", None)
    bucket.bring(large, bucket.sizes())
    assert s3.get_object(Bucket="films", Key=large.name)["Body"].read() == large.content.read_bytes()  # type: ignore[union-attr]
    assert not s3.list_multipart_uploads(Bucket="films").get("Uploads")


@pytest.mark.parametrize("parts", [0, 1])
def test_an_upload_begun_for_another_file_neither_names_nor_encrypts_this_one(s3: Any, large: Item, parts: int) -> None:
    content = large.content.read_bytes()  # type: ignore[union-attr]
    begun = s3.create_multipart_upload(Bucket="films", Key=large.name, ChecksumAlgorithm="SHA256", Metadata={SUM: "another's"})
    for number in range(1, parts + 1):  # that both files have
        named = {"Bucket": "films", "Key": large.name, "UploadId": begun["UploadId"], "PartNumber": number}
        s3.upload_part(**named, Body=content[:PART], ChecksumAlgorithm="SHA256")

    module._Bucket("s3://films", "some-key").bring(large, {})

    head = s3.head_object(Bucket="films", Key=large.name)
    assert head["Metadata"][SUM] == large.sha256 and head["SSEKMSKeyId"].endswith("some-key")
    assert s3.get_object(Bucket="films", Key=large.name)["Body"].read() == content


def test_parts_are_compared_by_their_sha256_where_it_is_known(large: Item) -> None:
    body = large.content.read_bytes()[:PART]  # type: ignore[union-attr]
    digest = module._base64(hashlib.sha256(body))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PART", PART)
        assert module._same({"PartNumber": 1, "ETag": '"of KMS"', "ChecksumSHA256": digest}, large)
        assert not module._same({"PartNumber": 2, "ETag": '"of KMS"', "ChecksumSHA256": digest}, large)


def test_a_key_encrypts_everything(s3: Any, data: Path, large: Item) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    upload(data, "s3://films", kms_key=key)
    bucket = module._Bucket("s3://films", key)
    bucket.bring(large, {})
    for name in keys(s3):
        head = s3.head_object(Bucket="films", Key=name)
        assert head["ServerSideEncryption"] == "aws:kms" and head["SSEKMSKeyId"] == key


def test_what_is_there_under_another_key_is_encrypted_anew(s3: Any, data: Path) -> None:
    first = upload(data, "s3://films")
    assert upload(data, "s3://films", kms_key="some-key") == {"sent": first["sent"], "there": 0}
    assert upload(data, "s3://films", kms_key="some-key") == {"sent": 0, "there": first["sent"]}


@pytest.mark.parametrize("alias", ["alias/films", "arn:aws:kms:us-east-1:123456789012:alias/films"])
def test_a_key_by_its_alias_is_refused(s3: Any, data: Path, alias: str) -> None:
    """S3 answers with the key's own id, so everything would be sent again each time."""
    with pytest.raises(UsageError, match=f"--kms-key is '{alias}', an alias; give the id or the ARN"):
        upload(data, "s3://films", kms_key=alias)


def test_mistakes_are_one_line(s3: Any, data: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"no manifest\.parquet in"):
        upload(tmp_path, "s3://films")
    for address in ("films/x", "s3://", "https://films"):
        with pytest.raises(UsageError, match="names no bucket; give s3://BUCKET/PREFIX"):
            upload(data, address)
    with pytest.raises(OverreadError, match=r"the upload to the bucket 'nowhere' failed \(NoSuchBucket\)"):
        upload(data, "s3://nowhere/x")


def test_a_data_set_that_is_not_all_there_is_not_sent(s3: Any, data: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(data, tmp_path / "data"))
    next((own / "films").iterdir()).unlink()
    with pytest.raises(ManifestError, match=r"1 of the .* films .* are not there"):
        upload(own, "s3://films")
    (own / "manifest.parquet").write_bytes(b"PAR1")
    with pytest.raises(ManifestError, match=r"manifest\.parquet' cannot be read"):
        upload(own, "s3://films")
    assert not keys(s3)


def test_shards_of_two_data_sets_do_not_meet(s3: Any, data: Path) -> None:
    s3.put_object(Bucket="films", Key="a/train/shards/train-00099.npy", Body=b"another")
    with pytest.raises(UsageError, match="holds 1 files of another data set's shards; give a prefix of its own"):
        upload(data, "s3://films/a")
    assert len(keys(s3)) == 1
    assert upload(data, "s3://films/b")["sent"]


def test_a_bucket_that_fails_midway_is_one_line_and_the_next_run_goes_on(
    s3: Any, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(range(10))

    def fails(self: Any, item: Item) -> None:
        if next(left, None) is None:
            raise ClientError({"Error": {"Code": "InternalError", "Message": "key train/Zebra.png"}}, "PutObject")
        send(self, item)

    send = module._Bucket._send
    with monkeypatch.context() as patched:
        patched.setattr(module._Bucket, "_send", fails)
        with pytest.raises(OverreadError, match=r"failed \(InternalError\).*run the same command again: it goes on") as raised:
            upload(data, "s3://films")
    assert "Zebra" not in str(raised.value)
    sent = len(keys(s3))
    done = upload(data, "s3://films")
    assert 0 < sent <= 10 and done["there"] == sent and done["sent"] + sent == len(keys(s3))
