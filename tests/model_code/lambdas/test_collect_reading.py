from __future__ import annotations

import json

import pytest

from model_code.lambdas import collect_reading
from tests.aws import FakeAws
from tests.model_code.lambdas.conftest import (
    GROUP,
    STUDY,
    Store,
    arrival,
    lines,
    reading,
)

INVOKE = "sagemaker-runtime.InvokeEndpoint"


@pytest.mark.parametrize(("endpoint", "role"), [(GROUP, "champion"), (f"{GROUP}-challenger", "challenger")])
def test_its_answer_becomes_the_result(
    aws: FakeAws, store: Store, capsys: pytest.CaptureFixture[str], endpoint: str, role: str
) -> None:
    key = f"readings/{endpoint}/{STUDY}.json"
    store.objects[key] = json.dumps(reading()).encode()
    collect_reading.handler(arrival(key), None)

    assert store.result == {"state": "read", "reading": reading()}
    assert lines(capsys)[0]["role"] == role


@pytest.mark.parametrize(
    ("key", "content"),
    [(f"readings/{GROUP}-failed/{STUDY}-error.out", b"..."), (f"readings/{GROUP}/{STUDY}.json", b"no reading")],
)
def test_its_failure_ends_the_study(aws: FakeAws, store: Store, key: str, content: bytes) -> None:
    store.objects[key] = content
    collect_reading.handler(arrival(key), None)

    assert (store.result["state"], store.result["code"]) == ("failed", "model_error")
