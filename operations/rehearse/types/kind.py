"""How a resource of one type is made, as data: the requests, and what the resource is called then."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from operations.rehearse.request import Json, Request

Build = Callable[[Json], Json]
Follow = Callable[[Json, Json], list[Request]]


def nothing_more(_properties: Json, _made: Json) -> list[Request]:
    """The first request was all."""
    return []


@dataclass(frozen=True)
class Kind:
    """One type of resource.

    ``ref`` and ``attributes`` are paths like ``answer.Arn`` and ``request.Name``, or texts with such paths in braces.
    """

    service: str
    operation: str
    """As the service's model writes it: ``CreateBucket``."""
    build: Build
    """From the template's properties to the request."""
    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    """The property that gets a generated name where the template has none."""
    follow: Follow = nothing_more
    """Requests that come after, from the properties and ``{"request": …, "answer": …}``."""

    def first(self, properties: Json, generated: str) -> Request:
        """The request that makes it; ``generated`` is its name where it has none."""
        named = {self.name: generated, **properties} if self.name else properties
        return Request(self.service, self.operation, self.build(named))


def same(*without: str, **renamed: str) -> Build:
    """The properties as they are, but for some that are left out or are called otherwise."""
    return lambda properties: {renamed.get(name, name): value for name, value in properties.items() if name not in without}


def lowered(*without: str, **renamed: str) -> Build:
    """The same with a small first letter; tags become a mapping."""
    return lambda properties: {
        renamed.get(name, small(name)): tags_of(value) if name == "Tags" else value
        for name, value in properties.items()
        if name not in without
    }


def small(name: str) -> str:
    """``RestApiId`` → ``restApiId``."""
    return name[:1].lower() + name[1:]


def deep_small(value: Any) -> Any:
    """All keys with a small first letter."""
    if isinstance(value, Mapping):
        return {small(key): deep_small(inner) for key, inner in value.items()}
    return [deep_small(inner) for inner in value] if isinstance(value, list) else value


def picked(properties: Json, *names: str) -> Json:
    """Some of the properties, where the template has them."""
    return {name: properties[name] for name in names if name in properties}


def tags_of(tags: list[Json]) -> Json:
    """``[{"Key": …, "Value": …}]`` → a mapping."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def as_text(value: Any) -> str:
    """Attributes and patches are text: JSON, numbers, ``true``."""
    return value if isinstance(value, str) else json.dumps(value)


def resolve(path: str, made: Json) -> str:
    """A path (``answer.UserPool.Id``), or a text with paths in braces; what is neither stands for itself.

    Raises:
        KeyError: the answer lacks the field.
    """
    if "{" in path:
        text = path
        for part in path.split("{")[1:]:
            inner = part.split("}", 1)[0]
            text = text.replace("{" + inner + "}", resolve(inner, made))
        return text
    root, *fields = path.split(".")
    if root not in made or not fields:
        return path
    value: Any = made[root]
    for name in fields:
        value = value[name]
    return str(value)
