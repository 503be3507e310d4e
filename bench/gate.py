"""Does the film gate refuse what is no picture of its task, and let through what is? ``python -m bench.gate --bundle …``."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from model_code.contract import Task
from model_code.film_gate.kinds import Gate
from model_code.film_gate.picture import reduced
from model_code.predictor import Predictor
from tests.bank import DEVELOPMENT_SEED, HELD_OUT_SEED, Kinds, good, wrong
from tests.bank.skin import good_skin, wrong_skin

REFUSED, PASSED = 0.95, 0.98
"""Aims: the share of wrong pictures that is refused, and of good ones that passes."""


Answer = Callable[[bytes], str]
"""What is said of a file: the first reason's code, or "read"."""


def reader(predictor: Predictor) -> Answer:
    """What a bundle says."""
    return lambda data: next((reason.code for reason in predictor.read(data).reasons), "read")


def table(title: str, kinds: Kinds, answer: Answer, *, refuse: bool) -> tuple[Table, float]:
    """One line a kind, and the share of all that was answered as it should be."""
    aim, verb = (REFUSED, "refused") if refuse else (PASSED, "passed")
    shown = Table("kind", "pictures", verb, "aim", "answers, most often first", title=title)
    right = total = 0
    for kind, files in kinds.items():
        given = Counter(map(answer, files.values()))
        correct = len(files) - given["read"] if refuse else given["read"]
        right, total = right + correct, total + len(files)
        told = ", ".join(f"{code} {count}" for code, count in given.most_common(3))
        shown.add_row(kind, str(len(files)), f"{correct / len(files):.1%}", "", told)
    shown.add_section()
    shown.add_row("all", str(total), f"[bold]{right / total:.1%}", f"{aim:.0%}", "")
    return shown, right / total


def bank(task: str, *, held_out: bool, count: int) -> tuple[Kinds, Kinds]:
    """Wrong and good pictures for a task."""
    if task != Task.SKIN8:
        return wrong(held_out=held_out, count=count), good(held_out=held_out, count=count)
    seed = HELD_OUT_SEED if held_out else DEVELOPMENT_SEED
    return wrong_skin(held_out=held_out, count=count, seed=seed), good_skin(count=count, seed=seed + 1)


def cost(gate: Gate, *, channels: int) -> str:
    """How long a look takes."""
    film = np.random.default_rng(0).random((2048, 2048, channels) if channels > 1 else (2048, 2048), np.float32)
    costs = []
    for _ in range(9):
        started = time.perf_counter()
        gate.complaint(reduced(film))
        costs.append((time.perf_counter() - started) * 1000)
    return f"The gate's look at a picture of 2048 x 2048 takes {np.median(costs):.1f} ms (median of 9)."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=Path("demo/bundle"), help="a complete bundle (make demo makes one)")
    parser.add_argument("--count", type=int, default=24, help="pictures of each drawn kind")
    options = parser.parse_args()
    predictor = Predictor.setup(options.bundle)
    console = Console(width=130)
    held = {}
    for held_out, part in ((False, "development"), (True, "held out")):
        bad, fine = bank(predictor.bundle.info.task, held_out=held_out, count=options.count)
        for refuse, title, kinds in ((True, f"Wrong pictures, {part}", bad), (False, f"Good pictures, {part}", fine)):
            shown, held[held_out, refuse] = table(title, kinds, reader(predictor), refuse=refuse)
            console.print(shown)
    console.print(cost(predictor.gate, channels=predictor.bundle.info.input.channels))
    return int(held[True, True] < REFUSED or held[True, False] < PASSED)


if __name__ == "__main__":
    raise SystemExit(main())
