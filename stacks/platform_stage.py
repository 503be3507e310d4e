"""The map of the platform: every stack, in order, and what it hands to the next. Read this first."""

from __future__ import annotations

from aws_cdk import Environment as CdkEnvironment
from aws_cdk import Stack, Stage, Tags
from constructs import Construct

from constructs_lib.compliance.accepted import acknowledge
from stacks.api_stack import ApiStack
from stacks.audit_stack import AuditStack
from stacks.data_stack import DataStack
from stacks.endpoint_stack import EndpointStack
from stacks.environments import Environment
from stacks.monitoring_stack import MonitoringStack
from stacks.registry_stack import RegistryStack
from stacks.release_stack import ReleaseStack
from stacks.retraining_stack import RetrainingStack
from stacks.security_stack import SecurityStack
from stacks.training_stack import TrainingStack


class PlatformStage(Stage):
    """One environment of the platform."""

    def __init__(self, scope: Construct, *, environment: Environment) -> None:
        place = CdkEnvironment(account=environment.account, region=environment.region)
        super().__init__(scope, f"overread-{environment.name}", env=place)
        self.environment = environment
        self.security = SecurityStack(self, "security", environment=environment)
        self.data = DataStack(self, "data", environment=environment, security=self.security)
        self.audit = AuditStack(self, "audit", environment=environment, security=self.security, data=self.data)
        self.registry = RegistryStack(self, "registry", environment=environment)
        self.training = TrainingStack(
            self, "training", environment=environment, security=self.security, data=self.data, registry=self.registry
        )
        self.endpoint = EndpointStack(
            self,
            "endpoint",
            environment=environment,
            security=self.security,
            data=self.data,
            registry=self.registry,
        )
        self.release = ReleaseStack(
            self,
            "release",
            security=self.security,
            registry=self.registry,
            endpoint=self.endpoint,
        )
        self.retraining = RetrainingStack(
            self,
            "retraining",
            environment=environment,
            security=self.security,
            training=self.training,
        )
        self.api = ApiStack(
            self,
            "api",
            environment=environment,
            endpoint=self.endpoint,
            retraining=self.retraining.workflow,
        )
        self.monitoring = MonitoringStack(
            self,
            "monitoring",
            environment=environment,
            security=self.security,
            audit=self.audit,
            training=self.training,
            watched=(self.data, self.endpoint, self.release, self.retraining, self.api),
        )
        self.security.boundary.enclose(self)
        for stack in self.node.children:
            if isinstance(stack, Stack):
                stack.termination_protection = environment.keeps_data
        Tags.of(self).add("project", "overread")
        Tags.of(self).add("environment", environment.name)
        acknowledge(self)
