"""checkov: Prisma's checks of CloudFormation, those of data at rest above all."""

from __future__ import annotations

import json
from typing import Final

from operations.judge.findings import ERROR, Finding
from operations.judge.scene import JudgeFailedError, Opinion, Scene, Tools

NAME: Final = "checkov"


def checkov(scene: Scene, tools: Tools) -> Opinion:
    """Judges the templates as they are."""
    version = tools.version("checkov")
    output = tools.run(
        tools.root / "bin" / "checkov",
        *("--framework", "cloudformation", "--quiet", "--compact", "--skip-download", "--output", "json"),
        *("--directory", scene.templates()),
        accepted=(0, 1),
    )
    return Opinion(NAME, version, scene.resources, findings(output, scene))


def findings(output: str, scene: Scene) -> list[Finding]:
    """Reads its JSON. A template that it could not read is an error: nothing in it was judged.

    Raises:
        JudgeFailedError: the output is not what this version of it writes.
    """
    try:
        report = json.loads(output)
        results = report["results"] if "results" in report else {"nothing to check": report["resource_count"]}
        failed = [
            scene.finding(
                NAME,
                check["check_id"],
                scene.stack_of(check["file_path"]),
                check["resource"].rsplit(".", 1)[-1],
                check["check_name"],
                ERROR,
            )
            for check in results.get("failed_checks", [])
        ]
        unread = [
            scene.finding(NAME, "unreadable", scene.stack_of(file), "", "checkov could not read the template", ERROR)
            for file in results.get("parsing_errors", [])
        ]
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise JudgeFailedError(f"checkov wrote something unknown ({error!r}): {output[:200]}") from error
    return failed + unread
