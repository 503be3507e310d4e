"""A second factor is a request of its own."""

from __future__ import annotations

from tests.operations.rehearse.types.asked import accepted

POOL = "AWS::Cognito::UserPool"


def test_a_pool_with_a_second_factor_asks_for_it() -> None:
    asked = accepted(POOL, {"UserPoolName": "p", "MfaConfiguration": "ON", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"]})

    assert asked["CreateUserPool"] == {"PoolName": "p"}
    assert asked["SetUserPoolMfaConfig"] == {
        "UserPoolId": "x",
        "MfaConfiguration": "ON",
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
    }


def test_a_pool_without_does_not() -> None:
    assert list(accepted(POOL, {"UserPoolName": "p", "MfaConfiguration": "OFF"})) == ["CreateUserPool"]
