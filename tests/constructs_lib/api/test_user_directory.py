from __future__ import annotations

import pytest
from aws_cdk import RemovalPolicy

from constructs_lib.api.user_directory import GROUPS, UserDirectory
from tests.infra import Json, Scope, of_type


@pytest.fixture(scope="module")
def template() -> Json:
    built = Scope()
    UserDirectory(built.stack, "People", removal_policy=RemovalPolicy.RETAIN)
    return dict(built.template().to_json())


@pytest.fixture(scope="module")
def pool(template: Json) -> Json:
    (found,) = of_type(template, "AWS::Cognito::UserPool")
    return found


def test_nobody_joins_unasked(pool: Json) -> None:
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_everybody_has_a_second_factor_that_is_no_text_message(pool: Json) -> None:
    assert pool["MfaConfiguration"] == "ON"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_passwords_are_long_and_mixed_and_not_used_again(pool: Json) -> None:
    policy = pool["Policies"]["PasswordPolicy"]

    assert policy["MinimumLength"] >= 14
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert policy["PasswordHistorySize"] >= 6


def test_stolen_passwords_and_odd_sign_ins_are_stopped(pool: Json) -> None:
    assert pool["UserPoolAddOns"] == {"AdvancedSecurityMode": "ENFORCED"}
    assert pool["UserPoolTier"] == "PLUS"


def test_the_groups_are_there(template: Json) -> None:
    assert {group["GroupName"] for group in of_type(template, "AWS::Cognito::UserPoolGroup")} == set(GROUPS)


def test_the_reading_room_gets_short_tokens_by_code_alone(template: Json) -> None:
    (client,) = of_type(template, "AWS::Cognito::UserPoolClient")

    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AccessTokenValidity"] <= 60 and client["TokenValidityUnits"]["AccessToken"] == "minutes"
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert all(url.startswith(("https://", "http://localhost:")) for url in client["CallbackURLs"])
