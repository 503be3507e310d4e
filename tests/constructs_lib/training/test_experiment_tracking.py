from __future__ import annotations

from constructs_lib.container_images import ServingImage
from constructs_lib.training.experiment_tracking import ExperimentTracking
from constructs_lib.training.model_registry import ModelRegistry
from model_code.contract import Task
from tests.infra import Scope, many, of_type, statements, text_of


def test_the_server_keeps_what_is_logged_below_its_tasks_prefix() -> None:
    scope = Scope()
    artifacts = scope.bucket("Artifacts", scope.keys(), scope.access_logs())
    registry = ModelRegistry(scope.stack, "Registry", task=Task.CHEST14, image=ServingImage(scope.stack, "Serving"))
    ExperimentTracking(scope.stack, "Experiments", artifacts=artifacts, registry=registry)
    template = scope.template().to_json()
    (server,) = of_type(template, "AWS::SageMaker::MlflowTrackingServer")
    writes = [s for s in statements(template) if "s3:PutObject" in many(s["Action"])]
    resources = [text_of(r) for s in writes for r in many(s["Resource"])]

    assert server["AutomaticModelRegistration"] is False
    assert text_of(server["ArtifactStoreUri"]).endswith("/chest14/mlflow")
    assert [r for r in resources if r.endswith("/chest14/mlflow/*")]
    assert not [found for found in scope.findings() if "/Experiments/" in found[1]]
