from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest

from model_code.data.images import LIMITS
from model_code.lambdas import studies
from tests.aws import FakeAws
from tests.model_code.lambdas.conftest import VARIABLES, request


def post(body: Any, **more: Any) -> dict[str, Any]:
    answer = studies.handler(request("POST", "/studies", body=body, **more), None)
    return {**answer, "body": json.loads(answer["body"])}


def test_a_study_gets_an_id_and_a_form_for_one_film(aws: FakeAws) -> None:
    answer = post({"content_type": "application/dicom"})
    upload = answer["body"]["upload"]
    policy = json.loads(base64.b64decode(upload["fields"]["policy"]))

    assert answer["statusCode"] == 201
    assert uuid.UUID(answer["body"]["id"]).version == 4
    assert upload["url"].startswith("https://studies-bucket.s3")
    assert upload["fields"]["key"] == f"uploads/{answer['body']['id']}"
    assert {"key": upload["fields"]["key"]} in policy["conditions"]


def test_the_form_holds_size_type_and_key_whatever_the_sender_does(aws: FakeAws) -> None:
    upload = post({"content_type": "image/png"})["body"]["upload"]
    conditions = json.loads(base64.b64decode(upload["fields"]["policy"]))["conditions"]

    assert ["content-length-range", 100, LIMITS.max_bytes] in conditions
    assert {"Content-Type": "image/png"} in conditions
    assert {"x-amz-server-side-encryption": "aws:kms"} in conditions
    assert {"x-amz-server-side-encryption-aws-kms-key-id": VARIABLES["STUDIES_KEY"]} in conditions


def test_the_record_knows_a_slot_and_not_the_study(aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    key = "ACC-4711-Zebra"
    first, second = (post({"content_type": "image/png", "study": key}) for _ in range(2))
    one, other = (call["Item"] for call in aws.of("dynamodb.PutItem"))

    assert one["slot"] == other["slot"] and one["subject"] != other["subject"]
    assert "Zebra" not in json.dumps([one, other, first, second]) + capsys.readouterr().out


@pytest.mark.parametrize(
    "body",
    [{}, {"content_type": "text/html"}, {"content_type": "image/png", "study": ""}, {"content_type": "image/png", "study": 7}],
)
def test_a_body_that_the_schema_should_have_refused_is_refused_again(aws: FakeAws, body: Any) -> None:
    assert post(body)["statusCode"] == 400
    assert aws.calls == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(aws: FakeAws, body: bytes) -> None:
    assert post(body)["body"]["code"] == "bad_request"
