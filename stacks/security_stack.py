"""Keys, the network without a way out, and the bucket for access logs."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.access_log_bucket import AccessLogBucket
from constructs_lib.encryption_keys import EncryptionKeys
from constructs_lib.isolated_network import IsolatedNetwork
from stacks.environments import Environment


class SecurityStack(Stack):
    """What everything else stands on."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        super().__init__(scope, construct_id)
        removal = environment.removal_policy
        self.keys = EncryptionKeys(self, "Keys", removal_policy=removal)
        self.network = IsolatedNetwork(self, "Network", zones=environment.zones, logs_key=self.keys.audit, removal_policy=removal)
        self.access_logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal)
