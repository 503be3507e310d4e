"""The map of the platform: every stack, in order, and what it hands to the next. Read this first."""

from __future__ import annotations

from aws_cdk import Environment as CdkEnvironment
from aws_cdk import Stage, Tags
from constructs import Construct

from constructs_lib.compliance import acknowledge
from stacks.audit_stack import AuditStack
from stacks.data_stack import DataStack
from stacks.endpoint_stack import EndpointStack
from stacks.environments import Environment
from stacks.registry_stack import RegistryStack
from stacks.security_stack import SecurityStack
from stacks.training_stack import TrainingStack


class PlatformStage(Stage):
    """One environment of the platform."""

    def __init__(self, scope: Construct, *, environment: Environment) -> None:
        super().__init__(scope, f"overread-{environment.name}", env=CdkEnvironment(region=environment.region))
        self.security = SecurityStack(self, "security", environment=environment)
        self.data = DataStack(self, "data", environment=environment, security=self.security)
        self.audit = AuditStack(self, "audit", environment=environment, security=self.security, data=self.data)
        self.registry = RegistryStack(self, "registry", environment=environment)
        self.training = TrainingStack(
            self, "training", environment=environment, security=self.security, data=self.data, registry=self.registry
        )
        self.endpoint = EndpointStack(self, "endpoint", environment=environment, data=self.data, registry=self.registry)
        Tags.of(self).add("project", "overread")
        Tags.of(self).add("environment", environment.name)
        acknowledge(self)
