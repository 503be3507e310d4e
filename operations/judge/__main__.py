"""``python -m operations.judge [--env dev ...]``: one table of all judges, then every open finding on its line.

Exit code 0: nothing open. 1: an error-level finding is open, a judge did not run, or an accepted entry covers nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from constructs import Construct
from rich.console import Console
from rich.table import Table

from constructs_lib.errors import ConfigurationError
from operations.assembly import DELIVERY, synthesize, synthesize_delivery
from operations.judge import asl, cfn_lint, checkov, guard, nag, parliament
from operations.judge.findings import Finding, Judgement, Verdict, lines, read_judgements, verdict
from operations.judge.scene import JudgeFailedError, Opinion, Scene, Tools
from stacks.environments import ENVIRONMENTS, Environment

REPOSITORY: Final = Path(__file__).resolve().parents[2]
JUDGEMENTS: Final = REPOSITORY / "operations" / "judgements.toml"
WIDTH: Final = 110
"""Columns of the table where no terminal says how wide it is."""
TOOLS: Final = REPOSITORY / ".venv" / "judge"
OUTSIDE: Final[dict[str, Callable[[Scene, Tools], Opinion]]] = {
    cfn_lint.NAME: cfn_lint.cfn_lint,
    checkov.NAME: checkov.checkov,
    guard.NAME: guard.guard,
    parliament.NAME: parliament.parliament,
    asl.NAME: asl.asl,
}


@dataclass
class Hearing:
    """What one judge said, over all environments."""

    judge: str
    version: str = ""
    checked: int = 0
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    def add(self, outcome: Opinion | JudgeFailedError, seconds: float) -> None:
        """Takes in one environment's outcome."""
        self.seconds += seconds
        if isinstance(outcome, JudgeFailedError):
            self.failures.append(str(outcome))
        else:
            self.version, self.checked = outcome.version, self.checked + outcome.checked
            self.findings += outcome.findings


def hear(scenes: Sequence[tuple[Construct, Scene]], tools: Tools, say: Callable[[str], None]) -> list[Hearing]:
    """Every judge on every scene. Tools run beside each other; cdk-nag runs here meanwhile."""
    hearings = {name: Hearing(name) for name in (*nag.PACKS, *OUTSIDE)}

    def outside(name: str, scene: Scene) -> tuple[Opinion | JudgeFailedError, float]:
        started = time.monotonic()
        try:
            return OUTSIDE[name](scene, tools), time.monotonic() - started
        except JudgeFailedError as error:
            return error, time.monotonic() - started

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(outside, name, scene): (name, scene) for name in OUTSIDE for _, scene in scenes}
        for name in nag.PACKS:
            for scope, scene in scenes:
                started = time.monotonic()
                hearings[name].add(nag.nag(name, scope, scene.environment, scene.resources), time.monotonic() - started)
            say(f"{name} has judged")
        for done, future in enumerate(as_completed(running), start=1):
            name, scene = running[future]
            hearings[name].add(*future.result())
            say(f"{name} has judged {scene.environment} ({done} of {len(running)})")
    return list(hearings.values())


def table(hearings: Sequence[Hearing], sorted_out: Verdict) -> Table:
    """A line for each judge. Counts are of findings in all environments."""
    shown = Table(title="Judges", title_justify="left")
    for name in ("judge", "version"):
        shown.add_column(name, no_wrap=True)
    for name in ("checked", "errors", "accepted", "warnings", "seconds"):
        shown.add_column(name, justify="right")
    for hearing in hearings:
        if hearing.failures:
            shown.add_row(hearing.judge, hearing.version or "-", "did not run", "?", "?", "?", f"{hearing.seconds:.1f}")
            continue
        counts = [
            sum(found.judge == hearing.judge for found in kind)
            for kind in (sorted_out.open, sorted_out.accepted, sorted_out.warnings)
        ]
        shown.add_row(hearing.judge, hearing.version, str(hearing.checked), *map(str, counts), f"{hearing.seconds:.1f}")
    return shown


def outcome(hearings: Sequence[Hearing], judgements: Sequence[Judgement], *, everywhere: bool) -> tuple[Verdict, list[str]]:
    """The findings sorted, and each reason to fail on one line.

    ``everywhere`` says whether all environments were judged; only then can an entry be known to cover nothing.
    """
    sorted_out = verdict([found for hearing in hearings for found in hearing.findings], judgements)
    silent = {hearing.judge for hearing in hearings if hearing.failures}
    reasons = [f"{hearing.judge}  did not run: {failure}" for hearing in hearings for failure in dict.fromkeys(hearing.failures)]
    reasons += lines(sorted_out.open)
    reasons += [
        f"{JUDGEMENTS.name}  accepts {entry.judge} {entry.rule} on {entry.resource}, which nobody finds any more; remove it"
        for entry in sorted_out.stale
        if everywhere and entry.judge not in silent
    ]
    return sorted_out, reasons


def judge(environments: Sequence[Environment], tools: Tools, judgements: Sequence[Judgement], console: Console) -> int:
    """Synthesizes, hears all judges, prints, and returns the exit code."""

    everywhere = len(environments) == len(ENVIRONMENTS)

    def say(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    with tempfile.TemporaryDirectory(prefix="overread-judge-") as folder:
        scenes: list[tuple[Construct, Scene]] = []
        for environment in environments:
            say(f"synthesizing {environment.name}")
            app, stacks = synthesize(environment, Path(folder, environment.name, "assembly"))
            scenes.append((app, Scene(environment.name, stacks, Path(folder, environment.name))))
        if everywhere:
            say("synthesizing the delivery pipeline")
            delivery, stacks = synthesize_delivery(Path(folder, DELIVERY, "assembly"))
            scenes.append((delivery, Scene(DELIVERY, stacks, Path(folder, DELIVERY))))
        hearings = hear(scenes, tools, say)
    sorted_out, reasons = outcome(hearings, judgements, everywhere=everywhere)
    plain = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDTH)
    plain.print(table(hearings, sorted_out))
    for reason in reasons:
        plain.print(reason, soft_wrap=True)
    if not reasons:
        plain.print(f"nothing open; accepted findings and their reasons: operations/{JUDGEMENTS.name}", soft_wrap=True)
    return 1 if reasons else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m operations.judge", description="other people's judges over the templates")
    parser.add_argument("--env", nargs="+", choices=list(ENVIRONMENTS), default=list(ENVIRONMENTS), help="default: all")
    parser.add_argument("--tools", type=Path, default=TOOLS, help="the judges' environment, which `make judge` installs")
    given = parser.parse_args(arguments)
    os.environ.setdefault("CDK_VALIDATION", "false")  # cfn-lint judges the same and says more
    try:
        chosen = [ENVIRONMENTS[name] for name in dict.fromkeys(given.env)]
        return judge(chosen, Tools(given.tools.absolute()), read_judgements(JUDGEMENTS), Console(stderr=True))
    except ConfigurationError as error:
        print(f"overread: error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
