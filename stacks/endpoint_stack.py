"""The endpoints of the approved model and of its challenger; each is empty until there is one."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from constructs_lib.endpoints.build import build_endpoint
from constructs_lib.endpoints.model_endpoint import ModelEndpoint, ServingSite
from stacks.data_stack import DataStack
from stacks.environments import Environment
from stacks.registry_stack import RegistryStack
from stacks.security_stack import SecurityStack


class EndpointStack(Stack):
    """Serves readings of the approved model, and of a second one while somebody compares the two."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        security: SecurityStack,
        data: DataStack,
        registry: RegistryStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self.add_stack_dependency(registry, "its parameters must exist before this stack reads them")
        self.site = ServingSite(
            registry=registry.registry,
            models=data.artifacts,
            studies=data.studies,
            place=security.place,
            notices=security.notices,
        )
        settings, models = environment.endpoint, registry.registry
        self.champion = build_endpoint(self, settings=settings, slot=models.champion, site=self.site)
        self.challenger = build_endpoint(self, settings=settings, slot=models.challenger, site=self.site)
        for endpoint in (self.champion, self.challenger):
            self._tell(endpoint, f"/{models.group_name}/{endpoint.slot.role.lower()}-endpoint")

    def _tell(self, endpoint: ModelEndpoint, prefix: str) -> None:
        """Programs find the endpoint by parameters, people in the stack's outputs (which show only what there is)."""
        role = endpoint.slot.role
        for what, value in (("Name", endpoint.endpoint_name), ("Kind", endpoint.kind.value)):
            ssm.StringParameter(
                self,
                f"{role}{what}",
                parameter_name=f"{prefix}/{what.lower()}",
                string_value=value,
                description=f"{what} of the {role.lower()}'s endpoint, which exists once a model is approved",
            )
        CfnOutput(self, f"{role}Endpoint", value=endpoint.endpoint_name, condition=endpoint.has_model)
        CfnOutput(self, f"{role}EndpointKind", value=endpoint.kind.value, condition=endpoint.has_model)
