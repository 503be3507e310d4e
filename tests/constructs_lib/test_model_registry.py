from __future__ import annotations

from constructs_lib.container_images import ServingImage
from constructs_lib.model_registry import ModelRegistry
from model_code.contract import Task
from tests.infra import Scope


def test_a_group_and_a_parameter_that_names_no_model_yet() -> None:
    scope = Scope()
    ModelRegistry(scope.stack, "Registry", task=Task.CHEST14, image=ServingImage(scope.stack, "Serving"))
    template = scope.template()

    template.has_resource_properties("AWS::SageMaker::ModelPackageGroup", {"ModelPackageGroupName": "overread-test-chest14"})
    template.has_resource_properties(
        "AWS::SSM::Parameter", {"Name": "/overread-test-chest14/approved-model-package", "Type": "String", "Value": "none"}
    )
    assert not scope.findings()
