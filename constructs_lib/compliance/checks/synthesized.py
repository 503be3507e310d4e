"""What one synthesis left, as plain data: resources with their construct paths, and what a reference leads to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of one template. ``path`` is its construct's, empty where the assembly does not say."""

    stack: str
    logical_id: str
    type: str
    properties: Json
    path: str = ""
    template: Path = Path()

    def get(self, *keys: str) -> Any:
        """The property at that path of names, or None."""
        value: Any = self.properties
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


@dataclass(eq=False)
class Assembly:
    """The stacks that were synthesized together and may refer to each other: one stage, or what stands outside of any."""

    resources: list[Resource] = field(default_factory=list)
    acknowledged: dict[tuple[str, str], str] = field(default_factory=dict)
    """Reasons, by construct path and rule."""
    _exports: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def add(self, stack: str, template: Json, paths: Mapping[str, str] | None = None, file: Path | None = None) -> None:
        """Takes a stack's template in; ``paths`` gives construct paths by logical id."""
        for logical_id, resource in template.get("Resources", {}).items():
            path = (paths or {}).get(logical_id, "")
            properties = resource.get("Properties", {})
            self.resources.append(Resource(stack, logical_id, resource["Type"], properties, path, file or Path()))
        for output in template.get("Outputs", {}).values():
            if "Export" in output:
                self._exports[text(output["Export"]["Name"])] = (stack, output["Value"])

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types."""
        return (resource for resource in self.resources if resource.type in types)

    def target(self, value: Any, stack: str) -> Resource | None:
        """The resource that a value leads to: by reference, attribute, import or inside of an ARN that is put together."""
        return next(self._targets(value, stack), None)

    def _targets(self, value: Any, stack: str) -> Iterator[Resource]:
        if isinstance(value, Mapping) and "Fn::ImportValue" in value:
            exporter, exported = self._exports.get(text(value["Fn::ImportValue"]), (stack, None))
            yield from self._targets(exported, exporter)
        elif isinstance(value, Mapping) and ("Ref" in value or "Fn::GetAtt" in value):
            name = value["Ref"] if "Ref" in value else many(value["Fn::GetAtt"])[0].partition(".")[0]
            yield from (r for r in self.resources if (r.stack, r.logical_id) == (stack, name))
        elif isinstance(value, Mapping | list):
            for inner in value.values() if isinstance(value, Mapping) else value:
                yield from self._targets(inner, stack)


def read(templates: Iterable[Path]) -> list[Assembly]:
    """The assemblies that these template files belong to, each folder one."""
    wanted = {file.resolve() for file in templates}
    return [_read(folder, wanted) for folder in sorted({file.parent for file in wanted})]


def _read(folder: Path, wanted: set[Path]) -> Assembly:
    assembly = Assembly()
    for artifact in _load(folder / "manifest.json")["artifacts"].values():
        if artifact["type"] == "aws:cloudformation:stack":
            file = folder / artifact["properties"]["templateFile"]
            if file in wanted:
                extra = artifact.get("additionalMetadataFile")
                metadata = _load(folder / extra) if extra else artifact.get("metadata", {})
                stack = artifact["properties"].get("stackName", artifact["displayName"])
                assembly.add(stack, _load(file), {name: path for path, name in _entries(metadata, "logicalId")}, file)
                for path, rules in _entries(metadata, "acknowledged-rules"):
                    assembly.acknowledged |= {(path, rule): reason for rule, reason in rules.items()}
    return assembly


def _entries(metadata: Json, kind: str) -> Iterator[tuple[str, Any]]:
    for path, entries in metadata.items():
        for entry in entries:
            if entry["type"] == f"aws:cdk:{kind}":
                yield path.removeprefix("/"), entry["data"]


def _load(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def many(value: Any) -> list[Any]:
    """CloudFormation and IAM write one as itself and several as a list; none at all is empty."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A value as text; what only deployment knows becomes ``<name>``."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return str(separator).join(text(part) for part in parts)
        if "Fn::Sub" in value:
            return text(many(value["Fn::Sub"])[0])
        return "<" + ".".join(text(part) for inner in value.values() for part in many(inner)) + ">"
    return str(value)
