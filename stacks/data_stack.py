"""The buckets that hold films, data sets and models."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib.phi_bucket import PhiBucket
from stacks.environments import Environment
from stacks.security_stack import SecurityStack


class DataStack(Stack):
    """``intake`` takes films as they come, ``clean`` holds those to train on, ``artifacts`` what runs make of them."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment, security: SecurityStack) -> None:
        super().__init__(scope, construct_id)
        self._environment, self._security = environment, security
        self.intake = self._bucket("Intake", security.keys.images)
        self.clean = self._bucket("Clean", security.keys.images)
        self.artifacts = self._bucket("Artifacts", security.keys.models)

    def _bucket(self, construct_id: str, key: kms.IKey) -> PhiBucket:
        return PhiBucket(
            self,
            construct_id,
            key=key,
            replica_key=self._security.keys.replicas,
            access_logs=self._security.access_logs,
            removal_policy=self._environment.removal_policy,
        )
