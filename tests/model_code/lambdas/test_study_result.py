from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_code.lambdas import study_result
from tests.aws import AwsError, FakeAws, stream
from tests.model_code.lambdas.conftest import PERSON, STUDY, item, reading, request

SENT = {"subject": STUDY, "event": "sent", "who": f"person:{PERSON}", "slot": 42, "content_type": "application/dicom"}


def get(study: str = STUDY, **more: Any) -> dict[str, Any]:
    answer = study_result.handler(request("GET", "/studies/{study}", study=study, **more), None)
    return {**answer, "body": json.loads(answer["body"])}


def sent(ago: timedelta = timedelta(seconds=5), **changed: Any) -> dict[str, Any]:
    at = f"{(datetime.now(UTC) - ago).isoformat()}#sent"
    return {"Items": [item(**{**SENT, "at": at, **changed})], "Count": 1, "ScannedCount": 1}


def missing(_: Any) -> Any:
    raise AwsError("NoSuchKey", 404)


@pytest.fixture
def waiting(aws: FakeAws) -> FakeAws:
    aws.replies["dynamodb.Query"] = lambda _: sent()
    aws.replies["s3.GetObject"] = missing
    return aws


def test_until_there_is_a_result_it_is_pending(waiting: FakeAws) -> None:
    assert get()["body"] == {"id": STUDY, "state": "pending"}


def test_the_result_is_given_to_whoever_sent_the_study(waiting: FakeAws) -> None:
    waiting.replies["s3.GetObject"] = lambda _: {"Body": stream(json.dumps({"state": "read", "reading": reading()}).encode())}
    answer = get()

    assert answer["body"] == {"id": STUDY, "state": "read", "reading": reading()}
    assert [call["Item"]["event"]["S"] for call in waiting.of("dynamodb.PutItem")] == ["result"]
    assert waiting.of("s3.GetObject") == [{"Bucket": "studies-bucket", "Key": f"results/{STUDY}.json"}]


def test_a_failure_says_why(waiting: FakeAws) -> None:
    failed = {"state": "failed", "code": "no_model", "error": "no model is approved yet"}
    waiting.replies["s3.GetObject"] = lambda _: {"Body": stream(json.dumps(failed).encode())}

    assert get()["body"] == {"id": STUDY, **failed}


def test_nobody_waits_for_ever(waiting: FakeAws) -> None:
    waiting.replies["dynamodb.Query"] = lambda _: sent(timedelta(hours=2))

    assert (get()["body"]["state"], get()["body"]["code"]) == ("failed", "no_answer")


@pytest.mark.parametrize("changed", [{"who": "person:somebody-else"}, {"event": "predict"}])
def test_another_ones_study_does_not_exist(waiting: FakeAws, changed: dict[str, Any]) -> None:
    waiting.replies["dynamodb.Query"] = lambda _: sent(**changed)

    assert (get()["statusCode"], get()["body"]["code"]) == (404, "unknown_study")
    assert waiting.of("s3.GetObject") == []


@pytest.mark.parametrize("study", ["1", "../results", STUDY.upper(), f"{STUDY}x"])
def test_what_is_no_id_of_ours_is_looked_up_nowhere(waiting: FakeAws, study: str) -> None:
    assert get(study)["statusCode"] == 404
    assert waiting.calls == []


def test_a_fault_of_the_store_is_not_taken_for_pending(waiting: FakeAws) -> None:
    def denied(_: Any) -> Any:
        raise AwsError("AccessDenied", 403)

    waiting.replies["s3.GetObject"] = denied

    assert (get()["statusCode"], get()["body"]["code"]) == (500, "internal")
