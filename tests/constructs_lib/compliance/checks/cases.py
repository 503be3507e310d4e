"""The one helper of the rules' tests: a few lines of a template, and what a rule says of the resource in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib.compliance.checks.rule import judge
from constructs_lib.compliance.checks.synthesized import Assembly
from constructs_lib.compliance.overread_checks import RULES

BY_NAME = {rule.name: rule for rule in RULES}
Resources = Mapping[str, tuple[str, Mapping[str, Any]]]


def stack(resources: Resources, outputs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A template of resources by logical id: type and properties."""
    return {
        "Resources": {name: {"Type": kind, "Properties": properties} for name, (kind, properties) in resources.items()},
        "Outputs": outputs or {},
    }


def said(rule: str, type: str, properties: Mapping[str, Any], others: Resources | None = None) -> list[str] | None:
    """What is wrong with a resource ``It``: nothing when it complies, None when the rule is not about it."""
    assembly = Assembly()
    assembly.add("stack", stack({"It": (type, properties), **(others or {})}))
    results = [result for result in judge([BY_NAME[rule]], assembly) if result.resource.logical_id == "It"]
    return list(results[0].wrong) if results else None


def complies(rule: str, type: str, properties: Mapping[str, Any], others: Resources | None = None) -> bool:
    """Whether the rule looked at it and found nothing."""
    return said(rule, type, properties, others) == []


def without(properties: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """A copy that lacks one setting."""
    key, *rest = path
    if rest:
        return {**properties, key: without(properties[key], *rest)}
    return {name: value for name, value in properties.items() if name != key}
