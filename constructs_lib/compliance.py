"""HIPAA findings that cannot be otherwise: which rule, on which construct, why, and what compensates. Nothing else is accepted.

A finding is acknowledged on one construct by its path; a path that leads nowhere fails synthesis, so that no entry outlives
what it was written for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import Acknowledgment, Stage, Validations
from constructs import IConstruct

from constructs_lib.errors import ConfigurationError

PACK: Final = "HIPAA.Security"


@dataclass(frozen=True)
class Accepted:
    """One accepted finding."""

    rule: str
    construct: str
    """Path below the stage."""
    reason: str
    control: str
    """What compensates."""


_REPLICAS: Final = ("data/Intake/Replica", "data/Clean/Replica", "data/Artifacts/Replica", "audit/Storage/Replica")

ACCEPTED: Final = (
    Accepted(
        rule="S3BucketLoggingEnabled",
        construct="security/AccessLogs/Bucket/Resource",
        reason="A log bucket that logs to itself records its own records without end.",
        control="Only the S3 logging service may write there; versions are kept; the trail records management events on it.",
    ),
    Accepted(
        rule="S3DefaultEncryptionKMS",
        construct="security/AccessLogs/Bucket/Resource",
        reason="S3 delivers server access logs only to buckets with SSE-S3.",
        control="SSE-S3 encrypts every object; the logs hold keys of objects, never films; TLS only, private, versioned.",
    ),
    Accepted(
        rule="S3BucketReplicationEnabled",
        construct="security/AccessLogs/Bucket/Resource",
        reason="Access logs are a second record beside the audit trail, whose own files are replicated.",
        control="The trail's data events hold every read and write of the buckets with films, in a replicated bucket.",
    ),
    *(
        Accepted(
            rule="S3BucketReplicationEnabled",
            construct=f"{replica}/Bucket/Resource",
            reason="This bucket is itself the replica; a replica of a replica would need one too.",
            control="The source bucket holds the same objects, versioned.",
        )
        for replica in _REPLICAS
    ),
    Accepted(
        rule="VPCDefaultSecurityGroupClosed",
        construct="security/Network/Vpc/Resource",
        reason="CloudFormation cannot empty a VPC's default group; CDK's way is a Lambda that may change any group.",
        control="Nothing uses the default group: every job and endpoint names its own, which a test holds.",
    ),
)


def acknowledge(stage: Stage, accepted: tuple[Accepted, ...] = ACCEPTED) -> None:
    """Records the accepted findings on their constructs.

    Raises:
        ConfigurationError: a construct named here does not exist.
    """
    for entry in accepted:
        construct: IConstruct = stage
        for name in entry.construct.split("/"):
            found = construct.node.try_find_child(name)
            if found is None:
                raise ConfigurationError(
                    f"compliance.py accepts {entry.rule} on '{entry.construct}', which does not exist; remove the entry"
                )
            construct = found
        Validations.of(construct).acknowledge(
            Acknowledgment(id=f"{PACK}-{entry.rule}", reason=f"{entry.reason} Compensating control: {entry.control}")
        )
