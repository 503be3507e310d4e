"""The versions of one task's model, and which of them a person has approved."""

from __future__ import annotations

from typing import Final

from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from constructs_lib.container_images import ServingImage
from constructs_lib.naming import named
from model_code.contract import Task

NO_MODEL: Final = "none"
"""Value of the parameter until the first approval: an endpoint stack that reads it makes no endpoint."""


class ModelRegistry(Construct):
    """A model package group, and a parameter with the ARN of the approved version; the release writes it, not a deployment."""

    def __init__(self, scope: Construct, id: str, *, task: Task, image: ServingImage) -> None:
        super().__init__(scope, id)
        self.task = task
        self.image = image
        self.group_name = named(self, task.value)
        self.group = sagemaker.CfnModelPackageGroup(
            self,
            "Group",
            model_package_group_name=self.group_name,
            model_package_group_description=f"Overread models of the task {task.value}; each waits for a person's approval",
        )
        # a literal, since CloudFormation reads parameters by name before anything else is known
        self.approved_parameter = f"/{self.group_name}/approved-model-package"
        ssm.StringParameter(
            self,
            "Approved",
            parameter_name=self.approved_parameter,
            string_value=NO_MODEL,
            description=f"ARN of the approved model package of {task.value}, or '{NO_MODEL}'",
        )
