"""People: Cognito's user pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from operations.rehearse.request import Json, Request
from operations.rehearse.types.kind import Kind, same


def _mfa(properties: Json, made: Json) -> list[Request]:
    if properties.get("MfaConfiguration", "OFF") == "OFF":
        return []
    software = {"Enabled": "SOFTWARE_TOKEN_MFA" in properties.get("EnabledMfas", ())}
    settings = {
        "UserPoolId": made["answer"]["UserPool"]["Id"],
        "SoftwareTokenMfaConfiguration": software,
        "MfaConfiguration": properties["MfaConfiguration"],
    }
    return [Request("cognito-idp", "SetUserPoolMfaConfig", settings)]


TYPES: Final[Mapping[str, Kind]] = {
    "AWS::Cognito::UserPool": Kind(
        "cognito-idp",
        "CreateUserPool",
        # the second factor has a request of its own, which also knows which factors there are
        same("EnabledMfas", "MfaConfiguration", UserPoolName="PoolName"),
        "answer.UserPool.Id",
        {
            "Arn": "answer.UserPool.Arn",
            "UserPoolId": "answer.UserPool.Id",
            "ProviderName": "cognito-idp.{place.region}.amazonaws.com/{answer.UserPool.Id}",
        },
        name="UserPoolName",
        follow=_mfa,
    ),
    "AWS::Cognito::UserPoolClient": Kind(
        "cognito-idp",
        "CreateUserPoolClient",
        same(),
        "answer.UserPoolClient.ClientId",
        {"ClientId": "answer.UserPoolClient.ClientId"},
        name="ClientName",
    ),
    "AWS::Cognito::UserPoolDomain": Kind("cognito-idp", "CreateUserPoolDomain", same(), "request.Domain"),
    "AWS::Cognito::UserPoolGroup": Kind("cognito-idp", "CreateGroup", same(), "request.GroupName", name="GroupName"),
    "AWS::Cognito::UserPoolResourceServer": Kind("cognito-idp", "CreateResourceServer", same(), "request.Identifier"),
}
