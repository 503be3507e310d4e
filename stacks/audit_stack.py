"""The trail of who touched which film. A stack of its own: it refers to the data stack's buckets, which refer to the keys."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from constructs import Construct

from constructs_lib.data.phi_bucket import Keeping, PhiBucket
from constructs_lib.security.access_log_bucket import SIX_YEARS_DAYS
from constructs_lib.security.audit_trail import AuditTrail
from stacks.data_stack import DataStack
from stacks.environments import Environment
from stacks.security_stack import SecurityStack


class AuditStack(Stack):
    """A trail with data events on every bucket that may hold films. For six years nobody can change or remove its files.

    Where an environment keeps its data that holds for root as well (compliance mode). Elsewhere somebody with the right to bypass
    governance can end it. Either way the bucket outlives its stack: with locked files in it, it could not be deleted.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, security: SecurityStack, data: DataStack
    ) -> None:
        super().__init__(scope, construct_id)
        keys = security.keys
        self.storage = PhiBucket(
            self,
            "Storage",
            key=keys.audit,
            replica_key=keys.replicas,
            access_logs=security.access_logs,
            removal_policy=RemovalPolicy.RETAIN,
            keeping=Keeping(locked_days=SIX_YEARS_DAYS, compliance=environment.keeps_data),
        )
        self.trail = AuditTrail(
            self,
            "Trail",
            audited=data.buckets,
            storage=self.storage,
            key=keys.audit,
            removal_policy=environment.removal_policy,
        )
