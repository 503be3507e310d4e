"""Where functions and workflows live: the network, the keys, and what happens to their logs in the end."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import RemovalPolicy

from constructs_lib.security.encryption_keys import EncryptionKeys
from constructs_lib.security.isolated_network import IsolatedNetwork


@dataclass(frozen=True, kw_only=True)
class Place:
    """One environment's ground."""

    keys: EncryptionKeys
    network: IsolatedNetwork
    removal_policy: RemovalPolicy
