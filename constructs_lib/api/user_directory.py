"""The people who may ask for readings: invited, with two factors, in groups. Machines do not stand here; they have roles."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from constructs_lib.naming import named

AUDIENCE: Final = "overread"


class Scope(StrEnum):
    """What a token was made for."""

    READ = "read"
    TRAIN = "train"

    @property
    def full_name(self) -> str:
        """``overread/read``, as tokens say it and methods ask for it."""
        return f"{AUDIENCE}/{self.value}"


SCOPES: Final = {Scope.READ: "Ask for readings", Scope.TRAIN: "Start trainings"}

GROUPS: Final = {"reader": "Clinicians: they ask for readings", "engineer": "They also start trainings"}
"""The handlers know these names (``model_code.lambdas.web``)."""

READING_ROOM: Final = "http://localhost:8501/"
"""The reading room runs on the reader's own machine; Cognito allows plain HTTP there and nowhere else."""


class UserDirectory(Construct):
    """A user pool that nobody can join unasked, and one public client for the reading room.

    A token's scope says that it was made for this API; the person's groups, which the handlers look at, say what it may do.
    """

    def __init__(self, scope: Construct, id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id)
        self.pool = cognito.UserPool(
            self,
            "Pool",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
                password_history_size=12,
                temp_password_validity=Duration.days(1),
            ),
            feature_plan=cognito.FeaturePlan.PLUS,
            standard_threat_protection_mode=cognito.StandardThreatProtectionMode.FULL_FUNCTION,
            deletion_protection=removal_policy == RemovalPolicy.RETAIN,
            removal_policy=removal_policy,
        )
        scopes = {
            name: cognito.ResourceServerScope(scope_name=name.value, scope_description=text) for name, text in SCOPES.items()
        }
        self.server = self.pool.add_resource_server("Api", identifier=AUDIENCE, scopes=list(scopes.values()))
        for name, text in GROUPS.items():
            cognito.CfnUserPoolGroup(
                self, name.capitalize(), user_pool_id=self.pool.user_pool_id, group_name=name, description=text
            )
        # a domain is taken once in a region, over all accounts
        domain = cognito.CognitoDomainOptions(domain_prefix=named(self, Aws.ACCOUNT_ID))
        self.domain = self.pool.add_domain("Domain", cognito_domain=domain)
        self.client = self._client(list(scopes.values()))

    def _client(self, scopes: list[cognito.ResourceServerScope]) -> cognito.UserPoolClient:
        """By authorization code with proof of possession; it has no secret, since a program on a desk could keep none."""
        return self.pool.add_client(
            "ReadingRoom",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, *(cognito.OAuthScope.resource_server(self.server, one) for one in scopes)],
                callback_urls=[READING_ROOM],
                logout_urls=[READING_ROOM],
            ),
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.minutes(30),
            id_token_validity=Duration.minutes(30),
            refresh_token_validity=Duration.hours(12),
        )
