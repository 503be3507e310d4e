from __future__ import annotations

from typing import Any

import pytest

from tests.constructs_lib.compliance.checks.cases import complies, said, without

METHOD, POOL, CLIENT = "AWS::ApiGateway::Method", "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"
PEOPLE: dict[str, Any] = {
    "MfaConfiguration": "ON",
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    "Policies": {"PasswordPolicy": {"MinimumLength": 14}},
}


def test_a_method_that_asks_who_calls_complies() -> None:
    assert complies("CallerKnown", METHOD, {"HttpMethod": "POST", "AuthorizationType": "AWS_IAM"})
    assert complies("CallerKnown", METHOD, {"HttpMethod": "OPTIONS", "AuthorizationType": "NONE"})


@pytest.mark.parametrize("properties", [{"HttpMethod": "POST"}, {"HttpMethod": "GET", "AuthorizationType": "NONE"}])
def test_one_that_does_not_ask_does_not(properties: Any) -> None:
    assert "answered without authorization" in str(said("CallerKnown", METHOD, properties))


def test_people_with_accounts_and_second_factors_comply() -> None:
    assert complies("PeopleKnown", POOL, PEOPLE)


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({**PEOPLE, "MfaConfiguration": "OPTIONAL"}, "second factor"),
        (without(PEOPLE, "AdminCreateUserConfig"), "sign up"),
        (without(PEOPLE, "Policies"), "passwords of 8 characters"),
    ],
)
def test_others_do_not(properties: Any, problem: str) -> None:
    assert problem in str(said("PeopleKnown", POOL, properties))


SHIFT: dict[str, Any] = {"RefreshTokenValidity": 12, "TokenValidityUnits": {"RefreshToken": "hours"}}


@pytest.mark.parametrize(
    "properties",
    [
        SHIFT,
        {**SHIFT, "AccessTokenValidity": 1, "IdTokenValidity": 1},
        {**SHIFT, "AccessTokenValidity": 15, "TokenValidityUnits": {"AccessToken": "minutes", "RefreshToken": "hours"}},
    ],
)
def test_sessions_that_end_comply(properties: Any) -> None:
    assert complies("SessionsEnd", CLIENT, properties)


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({}, "RefreshToken lasts 43200 minutes; at most 720"),
        ({"RefreshTokenValidity": 1}, "RefreshToken lasts 1440 minutes"),
        ({**SHIFT, "AccessTokenValidity": 15}, "AccessToken lasts 900 minutes; at most 60"),
        ({**SHIFT, "IdTokenValidity": 1, "TokenValidityUnits": {"IdToken": "days"}}, "IdToken lasts 1440 minutes"),
    ],
)
def test_sessions_that_go_on_do_not(properties: Any, problem: str) -> None:
    assert problem in str(said("SessionsEnd", CLIENT, properties))
