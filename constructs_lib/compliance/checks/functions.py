"""Functions: confined to the network, with an end for what fails, and without secrets in plain sight."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from constructs_lib.compliance.checks.rule import Rule
from constructs_lib.compliance.checks.synthesized import Assembly, Resource, many, text

FUNCTION: Final = "AWS::Lambda::Function"
BUILD: Final = "AWS::CodeBuild::Project"

SECRET_NAME: Final = re.compile(
    r"(?i)(SECRET|PASSW(OR)?D|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY|CREDENTIAL|TOKEN)(?!.*_(ARN|NAME|ID|PARAMETER|URL|PATH)$)"
)
SECRET_VALUE: Final = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|\{\{resolve:(secretsmanager|ssm-secure):")
"""Access keys, private keys, and references that deployment replaces by the secret itself."""


def _confined(function: Resource, _: Assembly) -> Iterator[str]:
    vpc = function.get("VpcConfig") or {}
    if not vpc.get("SubnetIds") or not vpc.get("SecurityGroupIds"):
        yield "runs outside of the VPC"
    if not function.get("DeadLetterConfig", "TargetArn"):
        yield "has no dead letter queue: what it fails on is lost"
    if not function.get("ReservedConcurrentExecutions"):
        yield "has no limit of its own: it may take the account's whole concurrency"


def _no_secret(resource: Resource, _: Assembly) -> Iterator[str]:
    for name, value in _environment(resource):
        if SECRET_NAME.search(name) and value:
            yield f"{name} seems to hold a secret; pass the name of one in Secrets Manager"
        elif SECRET_VALUE.search(text(value)):
            yield f"{name} holds a secret in plain sight"


def _environment(resource: Resource) -> Iterator[tuple[str, Any]]:
    if resource.type == FUNCTION:
        variables = resource.get("Environment", "Variables")
        yield from variables.items() if isinstance(variables, Mapping) else ()
    for variable in many(resource.get("Environment", "EnvironmentVariables")):
        if variable.get("Type", "PLAINTEXT") == "PLAINTEXT":
            yield variable.get("Name", ""), variable.get("Value")


RULES: Final = (
    Rule(
        "LambdaConfined",
        "Functions run in the VPC, within a limit, and keep what they could not do.",
        ("164.312(a)(1)", "164.312(e)(1)", "164.308(a)(7)(ii)(C)"),
        (FUNCTION,),
        _confined,
    ),
    Rule(
        "NoSecretInEnvironment",
        "No function and no build has a secret among its environment variables.",
        ("164.312(a)(1)", "164.308(a)(5)(ii)(D)"),
        (FUNCTION, BUILD),
        _no_secret,
    ),
)
