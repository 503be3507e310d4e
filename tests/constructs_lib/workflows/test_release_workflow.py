"""What surrounds the definition; how it runs: tests/workflows/test_release.py."""

from __future__ import annotations

from constructs_lib.container_images import ServingImage
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.workflows.encrypted_topic import EncryptedTopic
from constructs_lib.workflows.release_workflow import ReleaseWorkflow, approval_events
from model_code.contract import Task
from tests.infra import Scope, of_type


def test_it_is_found_by_its_name_and_nothing_is_found_in_it() -> None:
    scope = Scope()
    keys = scope.keys()
    release = ReleaseWorkflow(
        scope.stack,
        "Release",
        registry=ModelRegistry(scope.stack, "Registry", task=Task.CHEST14, image=ServingImage(scope.stack, "Serving")),
        endpoint_stack="overread-test-endpoint",
        place=scope.place(keys),
        notices=EncryptedTopic(scope.stack, "Notices", key=keys.messages).topic,
    )

    assert release.workflow.name == "overread-test-release"
    assert not [found for found in scope.findings() if "/Release/" in found[1]]
    assert of_type(scope.template().to_json(), "AWS::IAM::Policy") == []


def test_a_version_that_is_merely_registered_starts_nothing() -> None:
    """Every run of the pipeline registers one; it waits for a person."""
    detail = approval_events("overread-test-chest14")["detail"]

    assert "PendingManualApproval" not in detail["ModelApprovalStatus"]
    assert detail["ModelPackageGroupName"] == ["overread-test-chest14"]
