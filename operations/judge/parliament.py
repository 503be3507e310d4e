"""parliament: whether IAM policies say what they seem to say. It alone sees an action that no such resource has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from operations.assembly import SynthesizedStack
from operations.judge.findings import ERROR, WARNING, Finding
from operations.judge.scene import JudgeFailedError, Opinion, Scene, Tools, json_list

NAME: Final = "parliament"
SCRIPT: Final = """
import json, sys
import parliament
said = []
for policy in json.load(sys.stdin):
    found = parliament.analyze_policy_string(json.dumps(policy)).findings
    said.append([[f.issue, f.detail, parliament.enhance_finding(f).severity] for f in found])
json.dump(said, sys.stdout, default=str)
"""
IDENTITY: Final = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
MILD: Final = ("MUTE", "INFO")


def parliament(scene: Scene, tools: Tools) -> Opinion:
    """Judges what roles may do; resource policies, which name principals, are beyond it."""
    version = tools.version("parliament")
    policies = list(documents(scene))
    output = tools.run(tools.python, "-c", SCRIPT, given=json.dumps([document for _, _, document in policies]))
    return Opinion(NAME, version, len(policies), findings(output, scene, policies))


def documents(scene: Scene) -> Iterator[tuple[SynthesizedStack, str, Any]]:
    """Every identity policy with its stack and logical id, references worked out."""
    for stack in scene.stacks:
        for logical_id, resource in stack.resources.items():
            properties = resource.get("Properties", {})
            if resource["Type"] in IDENTITY:
                yield stack, logical_id, scene.literal.of(stack, properties["PolicyDocument"])
            for inline in properties.get("Policies", []) if resource["Type"].startswith("AWS::IAM::") else []:
                yield stack, logical_id, scene.literal.of(stack, inline["PolicyDocument"])


def findings(output: str, scene: Scene, policies: list[tuple[SynthesizedStack, str, Any]]) -> list[Finding]:
    """Reads what the script above wrote: a list of findings for each policy.

    Raises:
        JudgeFailedError: the output is not that.
    """
    try:
        said = json_list(output)
        return [
            scene.finding(NAME, issue, stack, logical_id, text, WARNING if severity in MILD else ERROR)
            for (stack, logical_id, document), found in zip(policies, said, strict=True)
            for issue, detail, severity in found
            for text in [_text(issue, detail, document)]
            if text
        ]
    except (TypeError, ValueError) as error:
        raise JudgeFailedError(f"parliament wrote something unknown ({error!r}): {output[:200]}") from error


def _text(issue: str, detail: Any, document: Any) -> str:
    """The detail as text; empty where it says nothing.

    A family such as ``s3:GetObject*`` also reaches actions on other kinds of resources, which it then does not grant. Only an
    action that the policy names in full was meant, and is missing where its resource has another form.
    """
    if issue == "RESOURCE_MISMATCH":
        named = {action.lower() for action in _named(document)}
        detail = [f"{miss['action']} wants {miss['required_format']}" for miss in detail if miss["action"].lower() in named]
        return "; ".join(detail)
    return detail if isinstance(detail, str) and detail else json.dumps(detail)


def _named(document: Any) -> Iterator[str]:
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action", [])
        yield from [actions] if isinstance(actions, str) else actions
