"""What the deployment made, asked of the services themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from operations.assembly import SynthesizedStack
from operations.rehearse.readers import READERS, filled
from operations.rehearse.start import ACCOUNT, Emulator

Json = dict[str, Any]


class State(StrEnum):
    """How much of a resource there is."""

    CREATED = "created"
    """The service finds it."""
    ACCEPTED = "accepted"
    """CloudFormation took it, and its request fits the service's model; the emulator has nothing behind it."""
    UNSUPPORTED = "unsupported"
    """The emulator's CloudFormation passed it over."""
    LEFT_OUT = "left out"
    """A condition of the template leaves it out for now."""


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    stack: str
    logical_id: str
    type: str
    state: State
    physical_id: str | None
    why: str = ""


@dataclass(frozen=True)
class Inventory:
    """All of them."""

    resources: tuple[Resource, ...]
    dropped: tuple[str, ...] = ()
    """Settings of created resources that the emulator has nothing for."""

    def of(self, type: str, *, path: str = "") -> list[Resource]:
        """Those of a type whose logical id holds ``path``."""
        return [found for found in self.resources if found.type == type and path in found.logical_id]

    def counts(self) -> dict[str, Counter[State]]:
        """By type."""
        counted: dict[str, Counter[State]] = {}
        for found in self.resources:
            counted.setdefault(found.type, Counter())[found.state] += 1
        return dict(sorted(counted.items()))


def take_stock(emulator: Emulator, stacks: Iterable[SynthesizedStack]) -> Inventory:
    """Compares the templates with what CloudFormation lists, and asks the services for each."""
    accepted = {line["logical"]: line["reason"] for line in emulator.record.read("accepted")}
    found: list[Resource] = []
    for stack in stacks:
        names = physical_ids(emulator, stack.name)
        for logical_id, resource in stack.resources.items():
            state, why = _state(emulator, logical_id, resource, names, accepted)
            found.append(Resource(stack.name, logical_id, resource["Type"], state, names.get(logical_id), why))
    dropped = {f"{line['type']}: {line['reason']}, so this setting is left out" for line in emulator.record.read("dropped")}
    return Inventory(tuple(found), tuple(sorted(dropped)))


def physical_ids(emulator: Emulator, stack: str) -> dict[str, str]:
    """What CloudFormation calls a stack's resources, by logical id."""
    listed = emulator.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return {entry["LogicalResourceId"]: entry.get("PhysicalResourceId", "") for entry in listed if "ResourceType" in entry}


def _state(
    emulator: Emulator, logical_id: str, resource: Json, names: Mapping[str, str], accepted: Mapping[str, str]
) -> tuple[State, str]:
    if logical_id not in names:
        return (State.LEFT_OUT, resource["Condition"]) if "Condition" in resource else (State.UNSUPPORTED, "passed over")
    if logical_id in accepted:
        return State.ACCEPTED, accepted[logical_id]
    reader = READERS.get(resource["Type"])
    if reader is None:
        return State.ACCEPTED, "nothing here knows how to ask for this type"
    try:
        facts = _facts(names[logical_id], resource.get("Properties", {}), names)
        method = getattr(emulator.client(reader.service), xform_name(reader.operation))
        answer = method(**filled(reader.request, facts))
        needle = filled(reader.needle, facts)
    except (ClientError, BotoCoreError, KeyError) as error:
        return State.ACCEPTED, " ".join(f"{reader.operation}: {type(error).__name__} {error}".split())
    answer.pop("ResponseMetadata", None)
    if needle in json.dumps(answer, default=str):
        return State.CREATED, ""
    return State.ACCEPTED, f"{reader.operation} does not list it"


PARTS: Final = 4


def _facts(physical_id: str, properties: Json, names: Mapping[str, str]) -> dict[str, str]:
    """What the braces of readers may name."""
    facts = {"id": physical_id, "account": ACCOUNT}
    facts |= {f"id{place}": part for place, part in enumerate(physical_id.split("|")[:PARTS])}
    for name, value in properties.items():
        plain = literal(value, names)
        if plain is not None:
            facts[name] = plain
    return facts


def literal(value: object, names: Mapping[str, str]) -> str | None:
    """A property's text where it is one, or what it refers to in its own stack; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and len(value) == 1:
        target = value.get("Ref") or (value.get("Fn::GetAtt") or [None])[0]
        return names.get(target) if isinstance(target, str) else None
    return None
