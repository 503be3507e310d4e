"""People and programs that ask for readings: known by name, with a second factor, and for a limited time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from constructs_lib.compliance.checks.rule import Rule
from constructs_lib.compliance.checks.synthesized import Assembly, Resource

CLIENT: Final = "AWS::Cognito::UserPoolClient"
POOL: Final = "AWS::Cognito::UserPool"
MINUTES: Final = {"seconds": 1 / 60, "minutes": 1, "hours": 60, "days": 24 * 60}
TOKENS: Final = {"AccessToken": ("hours", 60, 60), "IdToken": ("hours", 60, 60), "RefreshToken": ("days", 30 * 24 * 60, 12 * 60)}
"""Each with the unit that its number is in where none is named, and minutes: where no number is given, and at most."""


def _known(method: Resource, _: Assembly) -> list[str]:
    """A browser asks OPTIONS before it says who it is."""
    if method.get("HttpMethod") == "OPTIONS" or method.get("AuthorizationType") not in (None, "NONE"):
        return []
    return [f"{method.get('HttpMethod')} is answered without authorization"]


def _pool(pool: Resource, _: Assembly) -> Iterator[str]:
    if pool.get("MfaConfiguration") != "ON":
        yield "does not require a second factor (MfaConfiguration is not ON)"
    if pool.get("AdminCreateUserConfig", "AllowAdminCreateUserOnly") is not True:
        yield "lets anybody sign up"
    length = pool.get("Policies", "PasswordPolicy", "MinimumLength")
    if not isinstance(length, int) or length < 12:
        yield f"accepts passwords of {length or 8} characters; at least 12 are required"


def _ends(client: Resource, _: Assembly) -> Iterator[str]:
    for token, (usual, unset, longest) in TOKENS.items():
        number, unit = client.get(f"{token}Validity"), client.get("TokenValidityUnits", token) or usual
        lasts = number * MINUTES[unit] if number else unset
        if lasts > longest:
            yield f"{token} lasts {lasts:g} minutes; at most {longest} are allowed"


RULES: Final = (
    Rule(
        "CallerKnown",
        "Every method of an API asks who calls.",
        ("164.312(a)(2)(i)", "164.312(d)", "164.308(a)(4)(ii)(B)"),
        ("AWS::ApiGateway::Method",),
        _known,
    ),
    Rule(
        "PeopleKnown",
        "People sign in with an account that somebody gave them, a long password and a second factor.",
        ("164.312(a)(2)(i)", "164.312(d)", "164.308(a)(5)(ii)(D)"),
        (POOL,),
        _pool,
    ),
    Rule(
        "SessionsEnd",
        "Access ends within the hour unless it is renewed, a session within half a day.",
        ("164.312(a)(2)(iii)",),
        (CLIENT,),
        _ends,
    ),
)
