from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.data.bulk_intake import LARGE
from constructs_lib.data.film_intake import FILMS
from model_code.contract import Arrivals
from model_code.lambdas.deidentify import Settings
from tests.infra import Json, Scope, many, of_type, text_of
from tests.intake import intake

ALONE = ("logs:", "sqs:", "xray:", "ec2:", "kms:")


@pytest.fixture(scope="module")
def scope() -> Scope:
    return intake().scope


def permissions(scope: Scope, policy: str) -> dict[str, list[str]]:
    """Actions of a policy, each with its resources as text."""
    found: dict[str, list[str]] = {}
    for name, resource in scope.template().to_json()["Resources"].items():
        if name.startswith(policy):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                for action in many(statement["Action"]):
                    found.setdefault(action, []).extend(text_of(arn) for arn in many(statement["Resource"]))
    return found


def test_the_function_is_told_all_that_it_asks_for(scope: Scope) -> None:
    (function,) = of_type(scope.template().to_json(), "AWS::Lambda::Function")

    assert set(function["Environment"]["Variables"]) == {name.upper() for name in Settings.__dataclass_fields__}
    assert function["ImageConfig"]["Command"] == ["model_code.lambdas.deidentify.handler"]


def test_it_may_move_films_and_never_remove_a_version(scope: Scope) -> None:
    allowed = permissions(scope, "FilmsFunctionPolicy")

    assert "s3:DeleteObjectVersion" not in allowed
    assert not [action for action in allowed if action.startswith("s3:") and action.endswith("*") and action != "s3:Abort*"]
    for action, suffixes in {
        "s3:GetObject": ["/films/*"],
        "s3:DeleteObject": ["/films/*"],
        "s3:PutObject": ["/quarantine/*", "/keys/pseudonyms", "/chest14/films/*"],
    }.items():
        assert sorted(arn[arn.rindex(">") + 1 :] for arn in allowed[action]) == sorted(suffixes), action
    assert all("KeysPseudonyms" in arn for arn in allowed["kms:GenerateMac"])


def test_the_clean_bucket_is_not_read(scope: Scope) -> None:
    for action, resources in permissions(scope, "FilmsFunctionPolicy").items():
        if action.startswith("s3:Get") or action == "s3:ListBucket":
            assert not [arn for arn in resources if "Clean" in arn]


def test_events_of_new_films_reach_it_or_are_kept(scope: Scope) -> None:
    template = scope.template().to_json()
    (rule,) = [rule for rule in of_type(template, "AWS::Events::Rule") if rule["Targets"][0]["Id"] == "function"]
    (target,) = rule["Targets"]
    (permission,) = of_type(template, "AWS::Lambda::Permission")

    assert rule["EventPattern"]["source"] == ["aws.s3"]
    assert "IntakeBucket" in str(rule["EventPattern"]["detail"]["bucket"])
    assert target["DeadLetterConfig"]["Arn"]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert permission["Principal"] == "events.amazonaws.com"
    assert "FilmsArrivalsRule" in str(permission["SourceArn"])


def takes(pattern: Json, key: str, size: int) -> bool:
    """Whether EventBridge would find an object to be of a pattern, for the tests that are used here."""
    if "$or" in pattern:
        return any(takes(one, key, size) for one in pattern["$or"])
    compare: dict[str, Any] = {"<=": int.__le__, ">": int.__gt__}
    keys = any(key.startswith(test["prefix"]) for test in pattern["key"])
    sizes = all(compare[test["numeric"][0]](size, test["numeric"][1]) for test in pattern.get("size", []))
    return keys and sizes


@pytest.mark.parametrize(
    ("key", "size", "taken_by"),
    [
        ("films/a.dcm", 7_200_000, ["function"]),
        ("films/a/b.dcm", Arrivals.MAX_FILM_BYTES, ["function"]),
        ("films/study.zip", Arrivals.MAX_FILM_BYTES + 1, ["job"]),
        ("archives/small.zip", 10, ["job"]),
        ("archives/large.zip", 10**11, ["job"]),
        ("quarantine/a.dcm", 7_200_000, []),
        ("quarantine/a.dcm.reason.json", 60, []),
        (Arrivals.KEY, 32, []),
    ],
)
def test_each_object_has_one_taker_and_what_was_put_aside_none(key: str, size: int, taken_by: list[str]) -> None:
    assert [name for name, pattern in (("function", FILMS), ("job", LARGE)) if takes(pattern, key, size)] == taken_by


def test_nothing_is_found(scope: Scope) -> None:
    assert not [found for found in scope.findings() if found[1].startswith(("stack/Films", "stack/Archives"))]
    assert of_type(scope.template().to_json(), "AWS::IAM::Policy") == []
