"""Where a function's model comes from: a registered package, or an archive in a bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_code.errors import UsageError
from model_code.lambdas.model_fetch import fetch
from tests.aws import FakeAws, stream
from tests.model_code.lambdas.test_serve import packed


def test_without_a_registry_an_archives_address_is_enough(bundle: Path, aws: FakeAws) -> None:
    aws.replies["s3.GetObject"] = lambda _: {"Body": stream(packed(bundle))}
    assert fetch("s3://models/chest14/model.tar.gz").bundle.info.task == "chest14"
    assert aws.calls == [("s3.GetObject", {"Bucket": "models", "Key": "chest14/model.tar.gz"})]


@pytest.mark.parametrize("address", ["s3://models", "s3://models/", "s3:///model.tar.gz"])
def test_an_address_of_no_object_is_refused(address: str, aws: FakeAws) -> None:
    with pytest.raises(UsageError, match="names no object; give the ARN of a model package"):
        fetch(address)
    assert aws.calls == []
