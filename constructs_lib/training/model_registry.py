"""The versions of one task's model, and which of them a person has approved, and for what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from constructs_lib.container_images import ServingImage
from constructs_lib.naming import named
from model_code.contract import Task

NO_MODEL: Final = "none"
"""Value of a slot's parameter while no model is in it: an endpoint stack that reads it makes no endpoint."""

CHAMPION_ALONE: Final = {"challenger_percent": 0, "shadow": False}
"""The routing until somebody decides otherwise: every study goes to the champion, and to it alone."""


@dataclass(frozen=True)
class ModelSlot:
    """A place that one approved model can take. All are literal names, known before anything is deployed."""

    role: str
    """``Champion`` or ``Challenger``."""
    endpoint_name: str
    parameter: str
    """Name of the SSM parameter with the ARN of the model package in this slot, or ``none``."""


class ModelRegistry(Construct):
    """A model package group, and the parameters that say which versions serve; the release writes them, not a deployment.

    The other tasks' models have groups of their own, from which nothing is served.
    """

    def __init__(self, scope: Construct, id: str, *, task: Task, image: ServingImage) -> None:
        super().__init__(scope, id)
        self.task = task
        self.image = image
        self.group_name = named(self, task.value)
        self._groups: list[sagemaker.CfnModelPackageGroup] = []
        self._group("Group", task)
        for other in Task:
            if other is not task:
                self._group(f"Group-{other.value}", other)
        # Literals, since CloudFormation reads parameters by name before anything else is known. And leave their resources as they
        # are: any change makes CloudFormation write the first value again, over what the release put there.
        self.approved_parameter = f"/{self.group_name}/approved-model-package"
        self.challenger_parameter = f"/{self.group_name}/challenger-model-package"
        self.routing_parameter = f"/{self.group_name}/routing"
        self.champion = ModelSlot("Champion", self.group_name, self.approved_parameter)
        self.challenger = ModelSlot("Challenger", f"{self.group_name}-challenger", self.challenger_parameter)
        self._parameter("Approved", self.approved_parameter, NO_MODEL, "ARN of the approved model package, or 'none'")
        self._parameter("Challenger", self.challenger_parameter, NO_MODEL, "ARN of the challenger's model package, or 'none'")
        self._parameter("Routing", self.routing_parameter, json.dumps(CHAMPION_ALONE), "How studies are divided between the two")

    @property
    def training_name(self) -> str:
        """Name of the pipeline whose models are registered here, known before there is one."""
        return f"{self.group_name}-training"

    @property
    def groups(self) -> list[str]:
        """Names of all groups, the task's own among them."""
        return [named(self, task.value) for task in Task]

    def apply_removal_policy(self, policy: RemovalPolicy) -> None:
        """What happens to the groups when their stack is destroyed."""
        for group in self._groups:
            group.apply_removal_policy(policy)

    def _group(self, id: str, task: Task) -> None:
        group = sagemaker.CfnModelPackageGroup(
            self,
            id,
            model_package_group_name=named(self, task.value),
            model_package_group_description=f"Overread models of the task {task.value}; each waits for a person's approval",
        )
        self._groups.append(group)

    def _parameter(self, id: str, name: str, value: str, description: str) -> None:
        ssm.StringParameter(
            self, id, parameter_name=name, string_value=value, description=f"{description} (task {self.task.value})"
        )
