from __future__ import annotations

from typing import Any

import pytest

from tests.constructs_lib.compliance.checks.cases import complies, said, without

FUNCTION, BUILD = "AWS::Lambda::Function", "AWS::CodeBuild::Project"
CONFINED: dict[str, Any] = {
    "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    "DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
    "ReservedConcurrentExecutions": 5,
}


def test_a_confined_function_complies() -> None:
    assert complies("LambdaConfined", FUNCTION, CONFINED)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("VpcConfig", "outside of the VPC"),
        ("DeadLetterConfig", "no dead letter queue"),
        ("ReservedConcurrentExecutions", "no limit of its own"),
    ],
)
def test_one_that_lacks_any_of_it_does_not(setting: str, problem: str) -> None:
    assert problem in str(said("LambdaConfined", FUNCTION, without(CONFINED, setting)))


def function(name: str, value: Any) -> dict[str, Any]:
    return {"Environment": {"Variables": {name: value}}}


def build(name: str, value: Any, type: str) -> dict[str, Any]:
    return {"Environment": {"EnvironmentVariables": [{"Name": name, "Value": value, "Type": type}]}}


@pytest.mark.parametrize("name", ["BUCKET", "SECRET_ARN", "TOKEN_PARAMETER", "PASSWORD_SECRET_NAME"])
def test_names_and_places_of_secrets_comply(name: str) -> None:
    assert complies("NoSecretInEnvironment", FUNCTION, function(name, "overread-dev"))
    assert complies("NoSecretInEnvironment", BUILD, build("DB_PASSWORD", "overread/db", "SECRETS_MANAGER"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("ApiKey", {"Ref": "Key"}),
        ("SETTINGS", "{{resolve:secretsmanager:db:SecretString:password}}"),
        ("WHO", "AKIAIOSFODNN7EXAMPLE"),
        ("PEM", "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_secrets_do_not(name: str, value: Any) -> None:
    assert said("NoSecretInEnvironment", FUNCTION, function(name, value))
    assert said("NoSecretInEnvironment", BUILD, build(name, value, "PLAINTEXT"))
