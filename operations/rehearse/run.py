"""The rehearsal itself, in a process that no terminal can interrupt in the middle of tidying up: ``__main__`` starts and ends it.

It ends in order when its standard input does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from constructs_lib.errors import ConfigurationError
from operations.assembly import synthesize
from operations.rehearse import report
from operations.rehearse.deploy import bootstrap, deploy, publish_images
from operations.rehearse.exercises import exercise
from operations.rehearse.exercises.scene import Scene
from operations.rehearse.interruption import end_with_input
from operations.rehearse.inventory import State, take_stock
from operations.rehearse.start import RehearsalError, emulator
from stacks.environments import ENVIRONMENTS, Environment

WIDTH: Final = 120
"""Columns of the tables where no terminal says how wide it is."""
INTERRUPTED: Final = 128 + signal.SIGINT


def rehearse(environment: Environment, work: Path, console: Console) -> None:
    """Everything once, from nothing.

    Raises:
        RehearsalError: a stack did not come, or an exercise failed.
    """
    stage, started = f"overread-{environment.name}", time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/] {text}", highlight=False)

    say(f"synthesizing {stage}")
    assembly = work / "assembly"
    _, stacks = synthesize(environment, assembly)
    say(f"{len(stacks)} stacks, {sum(len(stack.resources) for stack in stacks)} resources; starting the emulator")
    with emulator(work, assembly, environment.region) as running:
        say(f"it listens on {running.url}; bootstrapping")
        bootstrap(running, assembly)
        images = publish_images(running, assembly)
        say(f"bootstrapped, stand-ins for {images} images published; deploying")
        deploy(running, assembly, stage, lambda stack: say(f"deployed {stack}"))
        inventory = take_stock(running, stacks)
        outcomes = exercise(Scene(running, inventory, stage), say)
        console.print()
        console.print(report.types_table(inventory))
        for line in report.explanations(inventory):
            console.print(f"  {line}", style="dim", highlight=False, markup=False)
        console.print(report.exercises_table(outcomes))
    failed = [outcome for outcome in outcomes if outcome.result == "failed"]
    if failed:
        raise RehearsalError(f"{failed[0].name}: {failed[0].detail}" + (f" (and {len(failed) - 1} more)" if failed[1:] else ""))
    made = sum(resource.state is State.CREATED for resource in inventory.resources)
    say(f"rehearsed: {len(stacks)} stacks complete, {made} resources found by their services, {_done(outcomes)} exercises done")


def _done(outcomes: Sequence[object]) -> int:
    return sum(getattr(outcome, "result", "") == "done" for outcome in outcomes)


@contextmanager
def _workplace(*, keep: bool) -> Iterator[Path]:
    """A folder for this run alone."""
    folder = Path(tempfile.mkdtemp(prefix="overread-rehearse-"))
    try:
        yield folder
    finally:
        if keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m operations.rehearse", description="deploys to an emulator, and uses it")
    parser.add_argument("--env", required=True, choices=list(ENVIRONMENTS))
    parser.add_argument("--keep", action="store_true", help="keep the folder with the assembly and all logs")
    given = parser.parse_args(arguments)
    os.environ.setdefault("CDK_VALIDATION", "false")  # `make synth` validates
    try:
        with _workplace(keep=given.keep) as work:
            rehearse(ENVIRONMENTS[given.env], work, Console(width=None if sys.stdout.isatty() else WIDTH))
    except KeyboardInterrupt:
        print("overread: error: interrupted; everything that was started has ended", file=sys.stderr)
        return INTERRUPTED
    except ConfigurationError as error:
        print(f"overread: error: {error}", file=sys.stderr)
        return 2
    except (RehearsalError, BotoCoreError, ClientError, OSError) as error:
        print(f"overread: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    end_with_input()
    sys.exit(main())
