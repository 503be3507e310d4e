"""What happens when a person approves a model."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.workflows.event_trigger import EventTrigger
from constructs_lib.workflows.notices import BadEndings
from constructs_lib.workflows.release_workflow import ReleaseWorkflow, approval_events
from stacks.endpoint_stack import EndpointStack
from stacks.registry_stack import RegistryStack
from stacks.security_stack import SecurityStack


class ReleaseStack(Stack):
    """From the approval's event to the serving model: parameter, endpoint stack, alarms, and back if they ring."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        security: SecurityStack,
        registry: RegistryStack,
        endpoint: EndpointStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self.add_stack_dependency(endpoint, "a release updates that stack")
        release = ReleaseWorkflow(
            self,
            "Release",
            registry=registry.registry,
            endpoint_stack=endpoint.stack_name,
            place=security.place,
            notices=security.notices,
        )
        self.workflow = release.workflow
        EventTrigger(
            self,
            "Approval",
            description=f"A version of {registry.registry.group_name} was approved or rejected",
            pattern=approval_events(registry.registry.group_name),
            workflow=self.workflow,
        )
        BadEndings(self, "BadEndings", workflow=self.workflow, notices=security.notices)
