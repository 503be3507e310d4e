"""The safeguards of the HIPAA Security Rule that concern this platform (45 CFR 164.308, .312, .316): who does what for each.

Which resources and checks serve a safeguard is not written here; it follows from what was synthesized and from the paragraphs
that the rules of both packs name. Here stand the words of the law in short, what AWS does under the shared responsibility
model, and what no template can do: the part of whoever operates the platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Safeguard:
    """One paragraph. ``kind`` is as the rule says it: a standard, or an implementation specification of either sort."""

    id: str
    title: str
    kind: str
    aws: str
    """What AWS covers."""
    operator: str
    """What the operator must still do."""
    brings: tuple[str, ...] = ()
    """Types of resources that serve it and that no rule judges."""


STANDARD, REQUIRED, ADDRESSABLE = "standard", "required", "addressable"
_PHYSICAL: Final = "Physical security of its data centres and the separation of customers on shared hardware"
_PEOPLE: Final = "Nothing: who works for the operator is unknown to AWS"

SAFEGUARDS: Final = (
    Safeguard(
        "164.308(a)(1)(ii)(A)",
        "Risk analysis",
        REQUIRED,
        "Its own audits (SOC 2, ISO 27001, HITRUST), to be had from AWS Artifact",
        "Write the risk analysis of this installation; this document and docs/architecture.md are material for it.",
    ),
    Safeguard(
        "164.308(a)(1)(ii)(B)",
        "Risk management",
        REQUIRED,
        "Patches of managed services",
        "Decide on each acknowledged finding before its date; rebuild images when their bases are patched.",
    ),
    Safeguard("164.308(a)(1)(ii)(C)", "Sanction policy", REQUIRED, _PEOPLE, "Have a sanction policy and apply it."),
    Safeguard(
        "164.308(a)(1)(ii)(D)",
        "Information system activity review",
        REQUIRED,
        "CloudTrail and CloudWatch as services",
        "Name who reads the trail, the alarms and the readings' records, and how often; write down that it was done.",
        ("AWS::CloudTrail::Trail", "AWS::CloudWatch::Dashboard"),
    ),
    Safeguard(
        "164.308(a)(3)",
        "Workforce security",
        STANDARD,
        "IAM as a service",
        "Give people access by their work, take it away on the day they leave; no person needs a role of a job.",
    ),
    Safeguard(
        "164.308(a)(4)",
        "Information access management",
        STANDARD,
        "IAM and KMS as services",
        "Decide who may call the API and who may approve models; keep the list of both, look it through every quarter.",
    ),
    Safeguard(
        "164.308(a)(5)(ii)(A)",
        "Security reminders",
        ADDRESSABLE,
        "Bulletins and the AWS Health dashboard",
        "Train the people; repeat it.",
    ),
    Safeguard(
        "164.308(a)(5)(ii)(B)",
        "Protection from malicious software",
        ADDRESSABLE,
        "The hosts under functions, jobs and endpoints",
        "Scan images (Amazon ECR or Inspector) before they are approved; protect the workstations that read films.",
        ("AWS::WAFv2::WebACL", "AWS::ECR::Repository"),
    ),
    Safeguard(
        "164.308(a)(5)(ii)(C)",
        "Log-in monitoring",
        ADDRESSABLE,
        "Sign-ins to the console are in CloudTrail",
        "Look at failed sign-ins in the trail and in the user pool; send the trail to the security information system.",
        ("AWS::CloudTrail::Trail",),
    ),
    Safeguard(
        "164.308(a)(5)(ii)(D)",
        "Password management",
        ADDRESSABLE,
        "IAM Identity Center and Cognito as services",
        "Use the hospital's identity provider where there is one; hand no password to a program.",
    ),
    Safeguard(
        "164.308(a)(6)(ii)",
        "Response and reporting",
        REQUIRED,
        "Notice of incidents on its side, by the business associate agreement",
        "Have a plan for breaches with names in it; subscribe people to the topics of alarms; report in the times of 164.400 on.",
        ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::SNS::Topic"),
    ),
    Safeguard(
        "164.308(a)(7)(i)", "Contingency plan", STANDARD, "Several zones in each region", "Write the plan and keep it current."
    ),
    Safeguard(
        "164.308(a)(7)(ii)(A)",
        "Data backup plan",
        REQUIRED,
        "Durability of stored objects",
        "Films in the archive (PACS) stay the originals; decide what is copied to another region or account.",
    ),
    Safeguard(
        "164.308(a)(7)(ii)(B)",
        "Disaster recovery plan",
        REQUIRED,
        "Several zones in each region",
        "Rehearse restoring from versions and replicas; the platform itself is made again from its source by one command.",
    ),
    Safeguard(
        "164.308(a)(7)(ii)(C)",
        "Emergency mode operation plan",
        REQUIRED,
        "Service levels of the services",
        "The platform is a second reader: say how readings go on without it, and who is told.",
    ),
    Safeguard(
        "164.308(a)(7)(ii)(D)",
        "Testing and revision of the plans",
        ADDRESSABLE,
        "Nothing",
        "Rehearse them at least once a year; `make rehearse` deploys without an account, a restore needs one.",
    ),
    Safeguard(
        "164.308(a)(7)(ii)(E)",
        "Applications and data criticality analysis",
        ADDRESSABLE,
        "Nothing",
        "Say how long the clinic can do without readings, for each task.",
    ),
    Safeguard(
        "164.308(a)(8)",
        "Evaluation",
        REQUIRED,
        "Its own yearly audits",
        "Run `make evidence` for each release and keep what it writes; evaluate what is not technical as well.",
    ),
    Safeguard(
        "164.308(b)(1)",
        "Business associate contracts",
        REQUIRED,
        "Offers the agreement in AWS Artifact; it covers HIPAA eligible services alone",
        "Accept the agreement for the account before the first film comes in; use no other services for films.",
    ),
    Safeguard(
        "164.312(a)(1)",
        "Access control",
        STANDARD,
        f"{_PHYSICAL}; IAM as a service",
        "Give no one a policy from outside of the stacks.",
    ),
    Safeguard(
        "164.312(a)(2)(i)",
        "Unique user identification",
        REQUIRED,
        "Cognito and IAM as services",
        "One account for each person; none is shared, also not at a reading room's workstation.",
        ("AWS::Cognito::UserPool", "AWS::ApiGateway::Authorizer"),
    ),
    Safeguard(
        "164.312(a)(2)(ii)",
        "Emergency access procedure",
        REQUIRED,
        "The root account's recovery",
        "Keep a sealed emergency role outside of the platform, alarmed when used; test it.",
    ),
    Safeguard(
        "164.312(a)(2)(iii)",
        "Automatic logoff",
        ADDRESSABLE,
        "Sessions end when their tokens do",
        "Lock workstations by their own policy.",
        ("AWS::Cognito::UserPoolClient",),
    ),
    Safeguard(
        "164.312(a)(2)(iv)",
        "Encryption and decryption",
        ADDRESSABLE,
        "KMS and its hardware modules; encryption of local disks by their hardware",
        "Watch who may use and who may delete keys; deletion waits, and is alarmed.",
        ("AWS::KMS::Key",),
    ),
    Safeguard(
        "164.312(b)",
        "Audit controls",
        STANDARD,
        "CloudTrail, CloudWatch Logs and S3 as services",
        "Examine the records, not only keep them; turn on an organization's trail as well, where there is an organization.",
        ("AWS::CloudTrail::Trail", "AWS::EC2::FlowLog"),
    ),
    Safeguard(
        "164.312(c)(1)",
        "Integrity",
        STANDARD,
        "Checksums of stored objects",
        "Compare films with the archive where a reading is disputed.",
    ),
    Safeguard(
        "164.312(c)(2)",
        "Mechanism to authenticate electronic health information",
        ADDRESSABLE,
        "Digests of the trail's files",
        "Validate the trail (`aws cloudtrail validate-logs`) before it is relied upon; bundles are checked by their own sums.",
    ),
    Safeguard(
        "164.312(d)",
        "Person or entity authentication",
        STANDARD,
        "Signatures of requests (SigV4), tokens of Cognito",
        "Check identity before an account is given; require the second factor for the console, too.",
        ("AWS::Cognito::UserPool", "AWS::ApiGateway::Authorizer"),
    ),
    Safeguard(
        "164.312(e)(1)",
        "Transmission security",
        STANDARD,
        "Encryption between its data centres and, for many machines, between hosts",
        "Bring films to AWS through a VPN, Direct Connect, or TLS 1.2 or newer.",
        ("AWS::EC2::VPCEndpoint",),
    ),
    Safeguard(
        "164.312(e)(2)(i)",
        "Integrity controls",
        ADDRESSABLE,
        "TLS at every service endpoint",
        "Refuse older TLS on the hospital's side.",
    ),
    Safeguard(
        "164.312(e)(2)(ii)",
        "Encryption",
        ADDRESSABLE,
        "TLS at every service endpoint",
        "Encrypt between modality, archive and gateway.",
    ),
    Safeguard(
        "164.316(b)(2)(i)",
        "Time limit: documentation is kept for six years",
        REQUIRED,
        "Durability of stored objects",
        "Keep this document, the risk analysis and the policies for six years from when they were last in effect.",
        ("AWS::CloudTrail::Trail",),
    ),
)


def safeguard_of(paragraph: str) -> Safeguard:
    """The safeguard that a rule serves by the paragraph that it names: that one, or the standard that the paragraph is part of.

    Raises:
        LookupError: there is none here; add it with what AWS and the operator do.
    """
    found = [safeguard for safeguard in SAFEGUARDS if paragraph.startswith(safeguard.id)]
    if not found:
        raise LookupError(f"no safeguard in operations/safeguards.py for 45 CFR {paragraph}; add it")
    return max(found, key=lambda safeguard: len(safeguard.id))
