"""cfn-guard with AWS Control Tower's proactive controls, which the npm package brings together."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from typing import Any, Final

from operations.judge.findings import ERROR, Finding
from operations.judge.scene import JudgeFailedError, Opinion, Scene, Tools, json_list

NAME: Final = "cfn-guard"
PACKAGE: Final = "@cdklabs/cdk-validator-cfnguard"
FAILED: Final = 19
"""Its code where templates break rules."""


def guard(scene: Scene, tools: Tools) -> Opinion:
    """Judges templates with references worked out: its rules want texts or references within one template."""
    version = tools.version(PACKAGE)
    package = tools.modules / PACKAGE
    system = "macos" if platform.system() == "Darwin" else "ubuntu"
    machine = "aarch64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    output = tools.run(
        package / "bin" / system / machine / "cfn-guard",
        *("validate", "--structured", "--show-summary", "none", "--output-format", "json"),
        *("--rules", package / "rules/control-tower/cfn-guard", "--data", scene.literal_templates()),
        accepted=(0, FAILED),
    )
    return Opinion(NAME, version, scene.resources, findings(output, scene))


def findings(output: str, scene: Scene) -> list[Finding]:
    """Reads its JSON: a tree of clauses under each broken rule, whose leaves say where.

    Raises:
        JudgeFailedError: the output is not what this version of it writes.
    """
    try:
        return sorted(
            {
                scene.finding(NAME, control, stack, logical_id, required, ERROR)
                for report in json_list(output)
                for stack in [scene.stack_of(report["name"])]
                for broken in report["not_compliant"]
                for control, required in [_said(broken["Rule"])]
                for logical_id in sorted(set(_resources(broken))) or [""]
            }
        )
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise JudgeFailedError(f"cfn-guard wrote something unknown ({error!r}): {output[:200]}") from error


def _texts(node: Any, key: str) -> Iterator[str]:
    """Every text under a key, anywhere below."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from _texts(value, key)
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item, key)


def _resources(node: Any) -> Iterator[str]:
    for path in _texts(node, "path"):
        found = re.match(r"/Resources/([^/]+)", path)
        if found:
            yield found[1]


def _said(rule: Any) -> tuple[str, str]:
    """The control's name and what it requires; rules carry both in one text, with the way to fix it."""
    text = next((text for text in _texts(rule, "custom_message") if "[CT." in text), "")
    found = re.search(r"\[(CT\.[^]]+)\]:?\s*([^[]*)", text)
    return (found[1], found[2]) if found else (str(rule["name"]), str(rule["name"]))
