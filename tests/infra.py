"""What the platform's tests share: a scope to build one construct in, and the three environments, synthesized once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import App, Environment, RemovalPolicy, Stack, Stage
from aws_cdk.assertions import Template

from constructs_lib.compliance.findings import examine
from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.place import Place
from constructs_lib.security.access_log_bucket import AccessLogBucket
from constructs_lib.security.encryption_keys import EncryptionKeys
from constructs_lib.security.isolated_network import IsolatedNetwork

REGION = "us-east-1"
Json = dict[str, Any]


class Scope:
    """A stack in a stage of its own, with what most constructs are given. ``template`` synthesizes, so it comes last."""

    def __init__(self, region: str = REGION) -> None:
        self.stage = Stage(App(), "overread-test", env=Environment(region=region))
        self.stack = Stack(self.stage, "stack")

    def keys(self) -> EncryptionKeys:
        return EncryptionKeys(self.stack, "Keys", removal_policy=RemovalPolicy.RETAIN)

    def bucket(self, name: str, keys: EncryptionKeys, access_logs: AccessLogBucket) -> PhiBucket:
        return PhiBucket(
            self.stack,
            name,
            key=keys.images,
            replica_key=keys.replicas,
            access_logs=access_logs,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def access_logs(self) -> AccessLogBucket:
        return AccessLogBucket(self.stack, "AccessLogs", removal_policy=RemovalPolicy.RETAIN)

    def place(self, keys: EncryptionKeys) -> Place:
        network = IsolatedNetwork(self.stack, "Network", zones=2, logs_key=keys.audit, removal_policy=RemovalPolicy.DESTROY)
        return Place(keys=keys, network=network, removal_policy=RemovalPolicy.DESTROY)

    def template(self) -> Template:
        return Template.from_stack(self.stack)

    def findings(self) -> set[tuple[str, str]]:
        return findings(self.stage)


def findings(stage: Stage) -> set[tuple[str, str]]:
    """Rule and construct path (below the stage) of every finding of both packs that nobody acknowledged.

    Constructs are tested alone, and the trail that records their buckets is another one: ``Overread-FilmsRecorded`` is left
    to the tests of whole platforms.
    """
    prefix = f"{stage.node.path}/"
    return {
        (found.rule, found.path.removeprefix(prefix))
        for found in examine(stage).findings
        if found.accepted is None and found.rule != "Overread-FilmsRecorded"
    }


def of_type(template: Mapping[str, Any], kind: str) -> list[Json]:
    """Properties of the resources of one type."""
    return [resource.get("Properties", {}) for resource in template["Resources"].values() if resource["Type"] == kind]


def statements(template: Mapping[str, Any]) -> Iterator[Json]:
    """Every statement of the managed policies."""
    for policy in of_type(template, "AWS::IAM::ManagedPolicy"):
        yield from policy["PolicyDocument"]["Statement"]


def many(value: Any) -> list[Any]:
    """IAM writes one as itself and several as a list."""
    return value if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    """A CloudFormation value as text: what only deployment knows becomes ``<its JSON>``, shortened to the names in it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(text_of(part) for part in parts)
    return "<" + "".join(c for c in json.dumps(value) if c.isalnum() or c in ":.-") + ">"


@dataclass(frozen=True)
class Platform:
    """One environment, synthesized: its stage and its templates by the stack's id."""

    stage: Stage
    templates: dict[str, Json]

    def every(self, kind: str) -> list[Json]:
        return [properties for template in self.templates.values() for properties in of_type(template, kind)]
