"""asl-validator: the grammar of workflows, which CloudFormation sees as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from operations.assembly import SynthesizedStack
from operations.judge.findings import ERROR, Finding
from operations.judge.scene import JudgeFailedError, Opinion, Scene, Tools, json_list

NAME: Final = "asl-validator"
SCRIPT: Final = """
const loaded = require("asl-validator"), validate = loaded.default || loaded;
const said = JSON.parse(require("fs").readFileSync(0)).map(definition =>
  validate(definition, { checkPaths: true, checkArn: true }).errors.map(e => [e["Error code"], e.Message || JSON.stringify(e)]));
console.log(JSON.stringify(said));
"""


def asl(scene: Scene, tools: Tools) -> Opinion:
    """Judges every workflow, references worked out."""
    version = tools.version("npm:asl-validator")
    machines = list(definitions(scene))
    output = tools.run(tools.node, "-e", SCRIPT, given=json.dumps([definition for _, _, definition in machines]))
    return Opinion(NAME, version, len(machines), findings(output, scene, machines))


def definitions(scene: Scene) -> Iterator[tuple[SynthesizedStack, str, Any]]:
    """Every workflow's definition with its stack and logical id.

    Raises:
        JudgeFailedError: a definition is not in the template, or not JSON.
    """
    for stack in scene.stacks:
        for logical_id, resource in stack.resources.items():
            if resource["Type"] != "AWS::StepFunctions::StateMachine":
                continue
            properties = scene.literal.of(stack, resource["Properties"])
            text = properties.get("DefinitionString", properties.get("Definition"))
            for name, value in properties.get("DefinitionSubstitutions", {}).items():
                text = str(text).replace(f"${{{name}}}", str(value))
            try:
                yield stack, logical_id, json.loads(text) if isinstance(text, str) else dict(text)
            except (json.JSONDecodeError, TypeError) as error:
                raise JudgeFailedError(f"the definition of {stack.path(logical_id)} is not JSON: {error}") from error


def findings(output: str, scene: Scene, machines: list[tuple[SynthesizedStack, str, Any]]) -> list[Finding]:
    """Reads what the script above wrote: a list of errors for each workflow.

    Raises:
        JudgeFailedError: the output is not that.
    """
    try:
        said = json_list(output)
        return [
            scene.finding(NAME, code, stack, logical_id, message, ERROR)
            for (stack, logical_id, _), found in zip(machines, said, strict=True)
            for code, message in found
        ]
    except (TypeError, ValueError) as error:
        raise JudgeFailedError(f"asl-validator wrote something unknown ({error!r}): {output[:200]}") from error
