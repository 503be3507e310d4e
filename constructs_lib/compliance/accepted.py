"""HIPAA findings that cannot be otherwise: which rule, on which construct, why, what compensates, who answers, until when.

A finding is acknowledged on one construct by its path; a path that leads nowhere fails synthesis, and a test fails for an entry
that no finding needs any more or whose date has passed. Nothing else is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aws_cdk import Acknowledgment, Validations
from constructs import Construct, IConstruct

from constructs_lib.errors import ConfigurationError

PACK: Final = "HIPAA.Security"
DATE: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
EXPLAINED: Final = re.compile(
    r"(?P<reason>.*) Compensating control: (?P<control>.*) Owner: (?P<owner>.*)\. Expires: (?P<expires>.*)\.", re.DOTALL
)


@dataclass(frozen=True)
class Accepted:
    """One accepted finding.

    Raises:
        ConfigurationError: somebody accepts without a reason, a control, an owner or a date.
    """

    rule: str
    construct: str
    """Path below the scope that it is accepted in: the stage, or the stack that stands outside of any."""
    reason: str
    control: str
    """What compensates."""
    owner: str
    """The role that answers for it, and looks at it again before it expires."""
    expires: str
    """A date, 2027-11-30; synthesis knows no clock, so it is a test that fails from then on."""

    def __post_init__(self) -> None:
        for name in ("reason", "control", "owner"):
            if not getattr(self, name).strip():
                raise ConfigurationError(f"accepted.py accepts {self.rule} on '{self.construct}' without {name}; say it")
        if not DATE.fullmatch(self.expires):
            raise ConfigurationError(
                f"accepted.py accepts {self.rule} on '{self.construct}' until '{self.expires}'; write a date as 2027-11-30"
            )

    @property
    def id(self) -> str:
        """The rule as the pack and its reports name it."""
        return f"{PACK}-{self.rule}"

    def explained(self) -> str:
        """All of it, as it stands in the synthesized output; ``EXPLAINED`` takes it apart again."""
        return f"{self.reason} Compensating control: {self.control} Owner: {self.owner}. Expires: {self.expires}."


_PLATFORM: Final = "platform engineer"
_SECURITY: Final = "security officer"
_NEXT_REVIEW: Final = "2027-11-30"

_REPLICAS: Final = (
    *(f"data/{bucket}/Replica" for bucket in ("Intake", "Clean", "Shards", "Artifacts", "Studies")),
    "audit/Storage/Replica",
)

ACCEPTED: Final = (
    Accepted(
        rule="S3BucketLoggingEnabled",
        construct="security/AccessLogs/Bucket/Resource",
        reason="A log bucket that logs to itself records its own records without end.",
        control="Only the S3 logging service may write there; versions are kept; the trail records management events on it.",
        owner=_SECURITY,
        expires=_NEXT_REVIEW,
    ),
    Accepted(
        rule="S3DefaultEncryptionKMS",
        construct="security/AccessLogs/Bucket/Resource",
        reason="S3 delivers server access logs only to buckets with SSE-S3.",
        control="SSE-S3 encrypts every object; the logs hold keys of objects, never films; TLS only, private, versioned.",
        owner=_SECURITY,
        expires=_NEXT_REVIEW,
    ),
    Accepted(
        rule="S3BucketReplicationEnabled",
        construct="security/AccessLogs/Bucket/Resource",
        reason="Access logs are a second record beside the audit trail, whose own files are replicated.",
        control="The trail's data events hold every read and write of the buckets with films, in a replicated bucket.",
        owner=_PLATFORM,
        expires=_NEXT_REVIEW,
    ),
    *(
        Accepted(
            rule="S3BucketReplicationEnabled",
            construct=f"{replica}/Bucket/Resource",
            reason="This bucket is itself the replica; a replica of a replica would need one too.",
            control="The source bucket holds the same objects, versioned.",
            owner=_PLATFORM,
            expires=_NEXT_REVIEW,
        )
        for replica in _REPLICAS
    ),
    Accepted(
        rule="VPCDefaultSecurityGroupClosed",
        construct="security/Network/Vpc/Resource",
        reason="CloudFormation cannot empty a VPC's default group; CDK's way is a Lambda that may change any group.",
        control="Nothing uses the default group: every job and endpoint names its own, which a test holds.",
        owner=_SECURITY,
        expires=_NEXT_REVIEW,
    ),
)


def acknowledge(scope: Construct, accepted: Iterable[Accepted] = ACCEPTED) -> None:
    """Records the accepted findings on their constructs, which are named below ``scope``.

    An acknowledgement names the pack as well as the rule: the pack goes on reporting the finding, and the CDK counts it as
    accepted. So an entry that nothing needs any more can be seen.

    Raises:
        ConfigurationError: a construct named here does not exist.
    """
    for entry in accepted:
        Validations.of(_construct(scope, entry)).acknowledge(Acknowledgment(id=f"{PACK}::{entry.id}", reason=entry.explained()))


def _construct(scope: IConstruct, entry: Accepted) -> IConstruct:
    construct = scope
    for name in entry.construct.split("/"):
        found = construct.node.try_find_child(name)
        if found is None:
            raise ConfigurationError(
                f"accepted.py accepts {entry.rule} on '{entry.construct}', which does not exist; remove the entry"
            )
        construct = found
    return construct
