"""What a rule of the Overread pack is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from constructs_lib.compliance.checks.synthesized import Assembly, Resource

PACK = "Overread"


@dataclass(frozen=True)
class Rule:
    """A rule about resources of some types.

    ``check`` answers what is wrong with one of them: nothing when it complies, None when the rule does not concern it.
    """

    name: str
    demand: str
    """What has to be, in one sentence."""
    safeguards: tuple[str, ...]
    """The paragraphs of 45 CFR that it serves."""
    types: tuple[str, ...]
    check: Callable[[Resource, Assembly], Iterable[str] | None]

    @property
    def id(self) -> str:
        """As reports and acknowledgements name it."""
        return f"{PACK}-{self.name}"


@dataclass(frozen=True)
class Result:
    """What one rule says of one resource."""

    rule: Rule
    resource: Resource
    wrong: tuple[str, ...]


def judge(rules: Iterable[Rule], assembly: Assembly) -> list[Result]:
    """Every rule on every resource that it concerns, compliant ones included."""
    results = []
    for rule in rules:
        for resource in assembly.of_type(*rule.types):
            wrong = rule.check(resource, assembly)
            if wrong is not None:
                results.append(Result(rule, resource, tuple(wrong)))
    return results


def literal(value: Any) -> bool:
    """Whether synthesis knows the value; deployment decides over the others."""
    return isinstance(value, str | int | float | bool)
