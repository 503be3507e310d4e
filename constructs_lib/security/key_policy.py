"""What every key's policy says besides who may use it."""

from __future__ import annotations

from aws_cdk import aws_iam as iam


def grants_to_services_only() -> iam.PolicyStatement:
    """Nobody lends the key to anybody but an AWS service that works for this account (Control Tower's CT.KMS.PR.3)."""
    return iam.PolicyStatement(
        sid="GrantsToServicesOnly",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["kms:CreateGrant"],
        resources=["*"],  # in a key's own policy this is that key
        conditions={"BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}},
    )
