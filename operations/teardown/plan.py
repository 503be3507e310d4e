"""What a teardown will do, read from the templates: nothing is asked of AWS, so it can be read before there are credentials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Final

from operations.assembly import Json, SynthesizedStack
from stacks.environments import Environment

BUCKET, KEY, TRAIL = "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::CloudTrail::Trail"
PACKAGES, IMAGES, VAULT = "AWS::SageMaker::ModelPackageGroup", "AWS::ECR::Repository", "AWS::Backup::BackupVault"
FILLED: Final = {
    BUCKET: "all versions of all objects",
    PACKAGES: "all model packages",
    IMAGES: "all images",
    VAULT: "all backups",
}
"""CloudFormation deletes these only when they are empty."""
WINDOW_DAYS: Final = 30
"""KMS's own where a template says nothing."""


@dataclass(frozen=True)
class Item:
    """One resource and what happens to it."""

    stack: str
    logical_id: str
    kind: str
    path: str
    why: str


@dataclass(frozen=True)
class Plan:
    """Everything that a teardown does, and what it leaves."""

    environment: Environment
    stacks: Sequence[SynthesizedStack]
    """In the order of deletion: whoever needs another goes first."""
    emptied: Sequence[Item]
    stopped: Sequence[Item]
    """What would write into buckets that are being emptied."""
    retained: Sequence[Item]
    pending: Sequence[Item]
    """Keys: they go at the end of a waiting time, in which their deletion can be cancelled."""
    refused: Sequence[Item]
    """What the templates protect from deletion; nothing is done while there is any."""


def plan(environment: Environment, stacks: Sequence[SynthesizedStack]) -> Plan:
    """The plan for an environment."""
    order = reverse_order(stacks)
    everything = [item for stack in order for item in _items(stack, keeps_data=environment.keeps_data)]

    def of(verb: str) -> list[Item]:
        return [item for found, item in everything if found == verb]

    return Plan(environment, order, of("empty"), of("stop"), of("retain"), of("wait"), of("refuse"))


def reverse_order(stacks: Sequence[SynthesizedStack]) -> list[SynthesizedStack]:
    """Stacks with those that depend on others first."""
    by_artifact = {stack.artifact: stack for stack in stacks}
    needs = {name: [other for other in stack.depends_on if other in by_artifact] for name, stack in by_artifact.items()}
    return [by_artifact[name] for name in reversed(list(TopologicalSorter(needs).static_order()))]


def describe(found: Plan) -> Iterator[str]:
    """The plan for people."""
    yield f"Teardown of {found.environment.name}, in this order:"
    yield from (f"  delete   {stack.name} ({len(stack.resources)} resources)" for stack in found.stacks)
    for verb, items in (
        ("stop", found.stopped),
        ("empty", found.emptied),
        ("wait", found.pending),
        ("retain", found.retained),
        ("refuse", found.refused),
    ):
        yield from (f"  {verb:<8} {item.path} ({item.kind}): {item.why}" for item in items)
    yield (
        "  stays    log groups that jobs made (/aws/sagemaker/*), images and files of the CDK bootstrap stack, "
        "CloudTrail's own 90 days of history"
    )


def _items(stack: SynthesizedStack, *, keeps_data: bool) -> Iterator[tuple[str, Item]]:
    for logical_id, resource in stack.resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})

        def item(why: str, logical_id: str = logical_id, kind: str = kind) -> Item:
            return Item(stack.name, logical_id, kind, stack.path(logical_id), why)

        policy = _deletion(resource)
        if kind == TRAIL:
            yield "stop", item("a trail writes until it is gone, into a bucket that must be empty")
        if policy != "Delete":
            yield "retain", item(f"its deletion policy is {policy}: this environment keeps its data")
        elif kind == BUCKET and properties.get("ObjectLockEnabled"):
            yield "retain", item("Object Lock: until each record's date nobody can delete it, the account's owner included")
        elif kind == KEY:
            days = properties.get("PendingWindowInDays", WINDOW_DAYS)
            yield (
                "wait",
                item(f"gone after {days} days, with all that it encrypts; until then `aws kms cancel-key-deletion` keeps it"),
            )
        elif _is_protected(properties):
            yield "refuse", item("deletion protection is on; deploy with it off, then run this again")
        elif kind in FILLED and keeps_data:
            yield (
                "refuse",
                item("this environment keeps its data, yet the template would delete this; deploy with RETAIN"),
            )
        elif kind in FILLED:
            yield "empty", item(FILLED[kind])


def _deletion(resource: Json) -> str:
    return str(resource.get("DeletionPolicy", "Delete"))


def _is_protected(properties: Any) -> bool:
    return properties.get("DeletionProtectionEnabled") is True or properties.get("DeletionProtection") in (True, "ACTIVE")
