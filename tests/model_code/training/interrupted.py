"""Runs of ``overread train`` that are ended at random points, for ``test_interruption``: ``python -m … DATA OUT KILLS``.

A process of its own that imports torch once and forks each run, so that twenty of them take seconds. The network is a tiny one;
everything else is the command as a person would start it. Prints what came out as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from torch import nn

import model_code.__main__
from model_code.bundle import WEIGHTS, open_bundle
from model_code.files import sha256_of
from model_code.models import Classifier
from model_code.training import course, distributed
from model_code.training.learner import Learner

OPTIONS = ("--task", "chest14", "--image-size", "32", "--epochs", "10", "--batch-size", "8", "--set", "checkpoint_steps=3",
           "--set", "average=0.9", "--set", "balance=0.5")  # fmt: skip


def tiny(architecture: str, labels: int, output_stride: int, *, channels: int, exclusive: bool) -> Classifier:
    features = nn.Sequential(nn.Conv2d(channels, 8, 3, stride=4), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.1))
    return Classifier(features, 8, labels, channels=channels, exclusive=exclusive)


def start(data: Path, out: Path) -> tuple[int, int]:
    """Forks a run; returns its process and a pipe that gets a byte at every step."""
    reader, writer = os.pipe()
    process = os.fork()
    if process:
        os.close(writer)
        return process, reader
    code = 1
    try:
        os.close(reader)
        os.dup2(os.open(out.with_name("log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        os.dup2(2, 1)
        step = Learner.step

        def told(self: Learner, *args: Any, **names: Any) -> Any:
            os.write(writer, b".")
            return step(self, *args, **names)

        Learner.step = told  # type: ignore[method-assign]
        sys.argv = ["overread", "train", "--data", str(data), "--out", str(out), *OPTIONS]
        model_code.__main__.main()
    except SystemExit as done:
        code = int(done.code or 0)
    finally:
        os._exit(code)


def run(data: Path, out: Path, *, steps: int | None = None, pause: float = 0, end: signal.Signals = signal.SIGKILL) -> int:
    """A run that is ended a moment after so many steps; returns its exit code, negative for a signal."""
    process, pipe = start(data, out)
    try:
        while steps is None or steps > 0:
            seen = os.read(pipe, 1 if steps else 4096)
            if not seen:
                break
            steps = None if steps is None else steps - len(seen)
        if steps is not None:
            time.sleep(pause)
            os.kill(process, end)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    finally:
        os.close(pipe)


def outcome(out: Path) -> dict[str, Any]:
    bundle = open_bundle(out)
    epochs = [{**epoch, "seconds": 0} for epoch in bundle.info.training.epochs]
    return {"epochs": epochs, "version": bundle.info.version, "weights": sha256_of(out / WEIGHTS)}


def main(data: Path, folder: Path, kills: int) -> None:
    course.build_model = tiny  # type: ignore[assignment,attr-defined]
    distributed.usable_cpus = lambda: 1  # type: ignore[attr-defined]  # two threads of a tiny network mostly wait for each other
    draw = random.Random(5)
    whole, broken = folder / "whole", folder / "broken"
    codes = [run(data, whole)]
    codes += [run(data, broken, steps=draw.randint(0, 5), pause=draw.uniform(0, 0.01)) for _ in range(kills)]
    written = broken.exists()
    codes += [run(data, broken, steps=2, end=signal.SIGTERM), run(data, broken)]
    print(json.dumps({"codes": codes, "early": written, "whole": outcome(whole), "broken": outcome(broken)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
