"""Where people and machines ask for readings."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from constructs_lib.api.audit_table import AuditTable
from constructs_lib.api.backup_plan import BackupPlan
from constructs_lib.api.functions import ApiFunctions, ReadingSite
from constructs_lib.api.gatekeeping import ApiGatekeeping
from constructs_lib.api.prediction_api import PredictionApi
from constructs_lib.api.user_directory import UserDirectory
from constructs_lib.naming import named
from constructs_lib.workflows.state_machine import StateMachine
from stacks.endpoint_stack import EndpointStack
from stacks.environments import Environment


class ApiStack(Stack):
    """The API, the people who may use it, the firewall before both, and the record of who asked for what."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        endpoint: EndpointStack,
        retraining: StateMachine,
    ) -> None:
        super().__init__(scope, construct_id)
        place, settings = endpoint.site.place, environment.api
        keys, removal = place.keys, place.removal_policy
        self.people = UserDirectory(self, "People", removal_policy=removal)
        self.audit = AuditTable(self, "Audit", key=keys.messages, removal_policy=removal)
        BackupPlan(self, "Backup", table=self.audit.table, key=keys.replicas, removal_policy=removal)
        site = ReadingSite(
            environment=environment.name,
            serving=endpoint.site,
            champion=endpoint.champion,
            challenger=endpoint.challenger,
            retraining=retraining,
        )
        self.functions = ApiFunctions(self, "Functions", site=site, settings=settings, audit=self.audit)
        self.api = PredictionApi(
            self, "Api", settings=settings, place=place, people=self.people, functions=self.functions.by_handler
        )
        guard = ApiGatekeeping(self, "Gatekeeping", place=place, requests_per_address=settings.requests_per_address)
        guard.guard("Api", self.api.api.deployment_stage.stage_arn)
        guard.guard("SignIn", self.people.pool.user_pool_arn)
        self._tell()

    def _tell(self) -> None:
        """The address for programs and for people, and what a sign-in needs."""
        for name, value, description in (
            ("api-url", self.api.url, "Address of the API; routes follow it"),
            ("machine-key-id", self.api.stage.machine_key.key_id, "Id of the key that counts what the first machine asks"),
        ):
            ssm.StringParameter(self, name, parameter_name=f"/{named(self)}/{name}", string_value=value, description=description)
        CfnOutput(self, "ApiUrl", value=self.api.url)
        CfnOutput(self, "UserPoolId", value=self.people.pool.user_pool_id)
        CfnOutput(self, "UserPoolClientId", value=self.people.client.user_pool_client_id)
        CfnOutput(self, "SignInUrl", value=self.people.domain.base_url())
