"""cfn-lint: CloudFormation's own grammar and schemas; with cfn-lint-serverless, good manners of Lambda, queues and APIs."""

from __future__ import annotations

from typing import Final

from operations.judge.findings import ERROR, WARNING, Finding
from operations.judge.scene import JudgeFailedError, Opinion, Scene, Tools, json_list

NAME: Final = "cfn-lint"
JUDGED: Final = range(0, 32, 2)
"""Its code is a sum of 2 (errors), 4 (warnings), 8 (hints); an odd one means that it did not work."""


def cfn_lint(scene: Scene, tools: Tools) -> Opinion:
    """Judges the templates as they are: it follows references by itself."""
    versions = f"{tools.version('cfn_lint')} + serverless {tools.version('cfn_lint_serverless')}"
    output = tools.run(
        tools.root / "bin" / "cfn-lint",
        *("--format", "json", "--append-rules", "cfn_lint_serverless.rules", "--template"),
        *sorted(scene.templates().iterdir()),
        accepted=JUDGED,
    )
    return Opinion(NAME, versions, scene.resources, findings(output, scene))


def findings(output: str, scene: Scene) -> list[Finding]:
    """Reads its JSON.

    Raises:
        JudgeFailedError: the output is not what this version of it writes.
    """
    try:
        return [
            scene.finding(
                NAME,
                match["Rule"]["Id"],
                scene.stack_of(match["Filename"]),
                _logical_id(match["Location"].get("Path")),
                match["Message"],
                ERROR if match["Level"] == "Error" else WARNING,
            )
            for match in json_list(output)
        ]
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise JudgeFailedError(f"cfn-lint wrote something unknown ({error!r}): {output[:200]}") from error


def _logical_id(path: list[object] | None) -> str:
    return str(path[1]) if path and len(path) > 1 and path[0] == "Resources" else ""
