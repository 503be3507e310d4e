"""Keys, the network without a way out, the upper bound of every role, access logs, and the topic that tells people."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.place import Place
from constructs_lib.security.access_log_bucket import AccessLogBucket
from constructs_lib.security.configuration_record import ConfigurationRecord
from constructs_lib.security.encryption_keys import EncryptionKeys
from constructs_lib.security.isolated_network import IsolatedNetwork
from constructs_lib.security.permissions_boundary import PermissionsBoundary
from constructs_lib.workflows.notices import Notices
from stacks.environments import Environment


class SecurityStack(Stack):
    """What everything else stands on."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        super().__init__(scope, construct_id)
        removal = environment.removal_policy
        self.keys = EncryptionKeys(self, "Keys", removal_policy=removal)
        self.network = IsolatedNetwork(self, "Network", zones=environment.zones, logs_key=self.keys.audit, removal_policy=removal)
        self.place = Place(keys=self.keys, network=self.network, removal_policy=removal)
        self.access_logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal)
        self.boundary = PermissionsBoundary(self, "Boundary")
        self.notices = Notices(self, "Notices", key=self.keys.messages, contact=environment.contact).topic
        if environment.config_rules:
            ConfigurationRecord(self, "Configuration", storage=self.access_logs)
