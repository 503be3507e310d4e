"""A managed MLflow server: what was tried, with which settings, and how it went."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.training.model_registry import ModelRegistry


class ExperimentTracking(Construct):
    """The server of one task; what runs log lies below ``<task>/mlflow/`` in ``artifacts``.

    Jobs run without a network and cannot reach it: whoever starts a run logs what it left behind. It costs money by the hour.
    """

    def __init__(self, scope: Construct, id: str, *, artifacts: PhiBucket, registry: ModelRegistry) -> None:
        super().__init__(scope, id)
        place = f"{registry.task.value}/mlflow"
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        policy = iam.ManagedPolicy(self, "Policy", roles=[role])
        artifacts.grant_read_write(policy, place)
        self.server = sagemaker.CfnMlflowTrackingServer(
            self,
            "Server",
            tracking_server_name=registry.group_name,
            artifact_store_uri=f"s3://{artifacts.bucket.bucket_name}/{place}",
            role_arn=role.role_arn,
            tracking_server_size="Small",
            automatic_model_registration=False,  # models are registered by the pipeline, behind its gate
        )
        self.server.node.add_dependency(policy)
