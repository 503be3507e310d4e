"""What judges look at and with what: templates as files, the tools' own environment, and how a tool is run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from model_code.pipeline.literal import Literal
from operations.assembly import SynthesizedStack
from operations.judge.findings import Finding

TIMEOUT: Final = 600
"""Seconds after which a judge that says nothing is ended."""


class JudgeFailedError(RuntimeError):
    """A judge could not do its work; what it would have said is unknown."""


def json_list(output: str) -> list[Any]:
    """A judge's output as the list that it must be: an empty answer is not one without findings.

    Raises:
        ValueError: it is something else.
    """
    found = json.loads(output)
    if not isinstance(found, list):
        raise ValueError("a list was expected")
    return found


@dataclass(frozen=True)
class Opinion:
    """What one judge said of one environment."""

    judge: str
    version: str
    checked: int
    """Resources, policies or workflows that it looked at."""
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Tools:
    """The judges' own environment: their packages pin other versions than the platform's."""

    root: Path

    @property
    def python(self) -> Path:
        return self.root / "bin" / "python"

    @property
    def modules(self) -> Path:
        return self.root / "node_modules"

    @property
    def node(self) -> str:
        """Node of the project's environment, else the machine's.

        Raises:
            JudgeFailedError: there is none.
        """
        beside = Path(sys.executable).parent
        found = shutil.which("node", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
        if found is None:
            raise JudgeFailedError("node is not installed; run `make setup`")
        return found

    def version(self, package: str) -> str:
        """The installed version of a Python package, or of an npm package (``@scope/name`` or ``npm:name``).

        Raises:
            JudgeFailedError: it is not installed.
        """
        if package.startswith(("@", "npm:")):
            described = self.modules / package.removeprefix("npm:") / "package.json"
            if described.is_file():
                return str(json.loads(described.read_text(encoding="utf-8"))["version"])
        else:
            for metadata in self.root.glob(f"lib/python*/site-packages/{package}-*.dist-info"):
                return metadata.name.removeprefix(f"{package}-").removesuffix(".dist-info")
        raise JudgeFailedError(f"{package} is not installed below {self.root}; run `make judge`, which installs it")

    def run(self, *command: str | Path, accepted: Iterable[int] = (0,), given: str = "") -> str:
        """Standard output of a judge.

        Raises:
            JudgeFailedError: it is not there, took too long, or ended with another code than those that say "judged".
        """
        try:
            done = subprocess.run(  # noqa: S603, our own commands
                [str(part) for part in command], capture_output=True, text=True, input=given, timeout=TIMEOUT, cwd=self.root,
                env={**os.environ, "PYTHONWARNINGS": "ignore", "NODE_PATH": str(self.modules), "LOG_LEVEL": "ERROR"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise JudgeFailedError(f"{command[0]}: {error}; run `make judge`, which installs the judges") from error
        if done.returncode not in accepted:
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise JudgeFailedError(f"{Path(command[0]).name} ended with code {done.returncode}: {last}")
        return done.stdout


@dataclass(frozen=True)
class Scene:
    """One environment laid out for judges that read files."""

    environment: str
    stacks: Sequence[SynthesizedStack]
    folder: Path

    @cached_property
    def literal(self) -> Literal:
        return Literal(self.stacks)

    @property
    def resources(self) -> int:
        return sum(len(stack.resources) for stack in self.stacks)

    def templates(self) -> Path:
        """A folder with the templates as they are deployed, each named after its stack."""
        return self._write("templates", literal=False)

    def literal_templates(self) -> Path:
        """A folder with the templates, references worked out."""
        return self._write("literal", literal=True)

    def stack_of(self, file: str) -> SynthesizedStack:
        """The stack of a file in one of the folders."""
        name = Path(file).name.removesuffix(".template.json")
        return next(stack for stack in self.stacks if stack.name == name)

    def finding(self, judge: str, rule: str, stack: SynthesizedStack, logical_id: str, message: str, level: str) -> Finding:
        """A finding on a resource, named as the source names it; on the stack where ``logical_id`` is empty."""
        resource = stack.path(logical_id) if logical_id else stack.short_name
        return Finding(judge, rule, resource, " ".join(message.split()), self.environment, level)

    def _write(self, kind: str, *, literal: bool) -> Path:
        folder = self.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        for stack in self.stacks:
            template = self.literal.template(stack) if literal else stack.template
            (folder / f"{stack.name}.template.json").write_text(json.dumps(template, indent=1), encoding="utf-8")
        return folder
