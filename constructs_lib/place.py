"""Where functions and workflows live: the network, the keys, and what happens to their logs in the end."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.security.encryption_keys import EncryptionKeys
from constructs_lib.security.isolated_network import IsolatedNetwork


@dataclass(frozen=True, kw_only=True)
class Place:
    """One environment's ground."""

    keys: EncryptionKeys
    network: IsolatedNetwork
    removal_policy: RemovalPolicy

    def log_group(self, scope: Construct, id: str, name: str | None = None) -> logs.LogGroup:
        """Encrypted and kept for six years: what works here leaves a part of the audit trail."""
        return logs.LogGroup(
            scope,
            id,
            log_group_name=name,
            encryption_key=self.keys.audit,
            retention=logs.RetentionDays.SIX_YEARS,
            removal_policy=self.removal_policy,
        )
