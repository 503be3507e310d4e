from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings

from tests.aws import AwsError, FakeAws
from tests.films import PLANTED, dicom, planted_in, png, ramp
from tests.model_code.lambdas.conftest import (
    FILM,
    GROUP,
    INVOKE,
    PERSON,
    PNG,
    asked,
    inference,
    lines,
    package,
    parameters,
    post,
    reading,
)


def test_a_film_is_answered_with_its_reading(serving: FakeAws) -> None:
    answer = post()

    assert answer["statusCode"] == 200
    assert answer["body"] == reading()
    assert serving.of(INVOKE) == [{"EndpointName": GROUP, "Body": FILM, "ContentType": "image/png", "Accept": "application/json"}]


def test_who_was_given_which_reading_is_recorded_before(serving: FakeAws) -> None:
    post()
    (record,) = serving.of("dynamodb.PutItem")
    item = {name: next(iter(value.values())) for name, value in record["Item"].items()}

    assert item["who"] == f"person:{PERSON}"
    assert (item["subject"], item["model"], item["role"], item["event"]) == (reading()["id"], "7", "champion", "predict")
    assert record["ConditionExpression"] == "attribute_not_exists(subject)"


def test_without_a_record_there_is_no_answer(serving: FakeAws) -> None:
    def full(_: Any) -> Any:
        raise AwsError("ProvisionedThroughputExceededException")

    serving.replies["dynamodb.PutItem"] = full

    assert post()["statusCode"] == 500
    assert "findings" not in post()["body"]


def test_a_machine_is_recorded_by_its_role_and_not_by_its_session(serving: FakeAws) -> None:
    assert post(machine=True)["statusCode"] == 200
    assert serving.of("dynamodb.PutItem")[0]["Item"]["who"] == {"S": "role:arn:aws:iam::123456789012:role/pacs-gateway"}


def test_metrics_and_one_record_are_logged(serving: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    post()
    record, positive = lines(capsys)

    assert (record["Readings"], record["NotAssessed"], record["Environment"], record["Task"]) == (1, 0, "test", "chest14")
    assert record["LatencyMilliseconds"] > 0
    assert record["scores"] == {"Mass": 0.61, "Nodule": 0.61}
    assert (positive["Positives"], positive["Label"]) == (1, "Mass")
    (directive,) = positive["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["Environment", "Task"], ["Environment", "Task", "Label"]]


def test_nothing_of_the_film_or_of_the_study_is_logged_or_recorded(serving: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    study = PLANTED["PatientID"]
    post(dicom(ramp(12)), headers={"Content-Type": "application/dicom", "X-Overread-Study": study})

    written = capsys.readouterr().out + json.dumps(serving.of("dynamodb.PutItem"))
    assert not planted_in(written)


def test_without_an_approved_model_it_says_so(serving: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    serving.replies["ssm.GetParameters"] = parameters("none")
    answer = post()

    assert (answer["statusCode"], answer["body"]["code"]) == (503, "no_model")
    assert asked(serving) == []
    assert not capsys.readouterr().out  # no fault of ours: nothing is counted


@pytest.mark.parametrize(
    ("film", "headers", "status", "code"),
    [
        (b"", PNG, 400, "empty"),
        (FILM, {}, 415, "unsupported_type"),
        (FILM, {"Content-Type": "image/gif"}, 415, "unsupported_type"),
        (bytes(4 * 2**20 + 1), PNG, 413, "too_large"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anybody_is_asked(
    serving: FakeAws, film: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = post(film, headers=headers)

    assert (answer["statusCode"], answer["body"]["code"]) == (status, code)
    assert asked(serving) == []


def test_an_environment_that_reads_by_reference_says_where_to_go(serving: FakeAws, use: Callable[..., Any]) -> None:
    use(ENDPOINT_KIND="async", MAX_BODY_BYTES=str(2**30))
    answer = post()

    assert (answer["statusCode"], answer["body"]["code"]) == (400, "use_studies")
    assert "POST /studies" in answer["body"]["error"]


@pytest.mark.parametrize("groups", [None, "", "administrators", "[administrators]"])
def test_people_outside_the_groups_are_refused(serving: FakeAws, groups: str | None) -> None:
    answer = post(groups=groups)

    assert (answer["statusCode"], answer["body"]["code"]) == (403, "not_allowed")
    assert asked(serving) == []


@pytest.mark.parametrize("groups", ["reader", "engineer", "[reader, other]", "other,engineer"])
def test_people_in_a_group_are_not(serving: FakeAws, groups: str) -> None:
    assert post(groups=groups)["statusCode"] == 200


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(study=strategies.text(strategies.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=20))
def test_all_films_of_a_study_go_to_one_model(serving: FakeAws, study: str) -> None:
    serving.replies["ssm.GetParameters"] = parameters(package(7), package(8), '{"challenger_percent": 50}')
    serving.calls.clear()
    for side in (40, 48, 56):
        post(png(ramp(8, side)), headers={**PNG, "x-overread-study": study})

    assert len(asked(serving)) == 3
    assert len(set(asked(serving))) == 1


def test_without_a_study_each_film_sticks_and_films_are_shared_out(serving: FakeAws) -> None:
    serving.replies["ssm.GetParameters"] = parameters(package(7), package(8), '{"challenger_percent": 50}')
    films = [png(ramp(8, side)) for side in range(40, 72)]
    first = [post(film)["headers"]["X-Overread-Role"] for film in films]

    assert [post(film)["headers"]["X-Overread-Role"] for film in films] == first
    assert set(first) == {"champion", "challenger"}


def test_in_shadow_both_are_asked_and_the_champion_answers(serving: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    serving.replies["ssm.GetParameters"] = parameters(package(7), package(8), '{"challenger_percent": 50, "shadow": true}')
    serving.replies[INVOKE] = lambda call: inference(reading(version="8" if call["EndpointName"].endswith("challenger") else "7"))
    answer = post()

    assert answer["body"]["model"]["version"] == "7"
    assert set(asked(serving)) == {GROUP, f"{GROUP}-challenger"}
    logged = lines(capsys)
    (shadow,) = [line for line in logged if line.get("event") == "shadow_reading"]
    assert shadow["version"] == "8" and "_aws" not in shadow
    assert sum(line.get("Readings", 0) for line in logged) == 1


def test_a_shadow_that_fails_hurts_nobody(serving: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    serving.replies["ssm.GetParameters"] = parameters(package(7), package(8), '{"shadow": true}')

    def reply(call: Any) -> Any:
        if call["EndpointName"].endswith("challenger"):
            raise AwsError("ModelError")
        return inference(reading())

    serving.replies[INVOKE] = reply

    assert post()["statusCode"] == 200
    assert [line["code"] for line in lines(capsys) if line.get("event") == "shadow_failed"] == ["model_error"]
