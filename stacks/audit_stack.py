"""The trail of who touched which film. A stack of its own: it refers to the data stack's buckets, which refer to the keys."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.audit_trail import AuditTrail
from constructs_lib.phi_bucket import PhiBucket
from stacks.data_stack import DataStack
from stacks.environments import Environment
from stacks.security_stack import SecurityStack


class AuditStack(Stack):
    """A trail with data events on every bucket that may hold films."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, security: SecurityStack, data: DataStack
    ) -> None:
        super().__init__(scope, construct_id)
        removal, keys = environment.removal_policy, security.keys
        storage = PhiBucket(
            self,
            "Storage",
            key=keys.audit,
            replica_key=keys.replicas,
            access_logs=security.access_logs,
            removal_policy=removal,
        )
        audited = [data.intake, data.clean, data.artifacts]
        self.trail = AuditTrail(self, "Trail", audited=audited, storage=storage, key=keys.audit, removal_policy=removal)
