"""A run that is killed, anywhere and often, ends in the very numbers of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_code.errors import UsageError
from model_code.training.checkpoint import Checkpoints, Place
from model_code.training.interruption import EXIT_CODE, Interrupted, Keeper
from model_code.training.learner import Learner
from tests.cli import REPOSITORY, environment
from tests.model_code.training.tiny import CONFIG, learner

KILLS = 20


def test_a_run_killed_twenty_times_gives_the_losses_and_weights_of_a_whole_one_to_the_bit(data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.model_code.training.interrupted", str(data), str(tmp_path), str(KILLS)]

    done = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=REPOSITORY, timeout=300)

    assert done.returncode == 0, done.stderr + (tmp_path / "log").read_text()
    told = json.loads(done.stdout)
    assert told["codes"] == [0, *[-signal.SIGKILL] * KILLS, EXIT_CODE, 0], (tmp_path / "log").read_text()
    assert not told["early"]  # no bundle before the end
    assert told["broken"] == told["whole"]
    log = (tmp_path / "log").read_text()
    assert "resumed after step" in log and "told to stop: saved after step" in log
    assert not list((tmp_path / "broken.checkpoints").glob(".*")), "half-written files are left"


class Recorded(Checkpoints):
    """Notes where it is told to save."""

    def __init__(self, folder: Path, run: dict[str, Any]) -> None:
        super().__init__(folder, run)
        self.places: list[tuple[int, int]] = []

    def save(self, learner: Learner, place: Place) -> None:
        self.places.append((place.epoch, place.step))


class Kept:
    """A keeper and what it saves."""

    def __init__(self, learning: Learner, tmp_path: Path) -> None:
        self.states = Recorded(tmp_path, {})
        self.keeper = Keeper(self.states, learning, learning.config)
        self.places = self.states.places


def test_it_saves_by_steps_by_time_and_after_epochs(tmp_path: Path) -> None:
    by_steps = Kept(learner(checkpoint_steps=2, checkpoint_seconds=0), tmp_path)
    for step in range(1, 6):
        by_steps.keeper.after_step(Place(1, step))
    by_steps.keeper.after_epoch(Place(2, 0))
    assert by_steps.places == [(1, 2), (1, 4), (2, 0)]
    by_time = Kept(learner(checkpoint_seconds=1e-9), tmp_path)
    by_time.keeper.after_step(Place(1, 1))
    never = Kept(learner(checkpoint_seconds=0), tmp_path)
    never.keeper.after_step(Place(1, 1))
    assert (by_time.places, never.places) == ([(1, 1)], [])


@pytest.mark.parametrize("when", ["after_step", "while_validating", "after_epoch"])
def test_sigterm_saves_once_and_ends_the_run(when: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Kept(learner(), tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as stopped, kept.keeper as keeper:
        os.kill(os.getpid(), signal.SIGTERM)
        getattr(keeper, when)(Place(1, 3))
    assert stopped.value.code == 143
    assert kept.places == [(1, 3)]
    assert "told to stop: saved after step 3 of epoch 1" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


def test_one_of_several_processes_saves_once_while_it_validates_and_goes_on(tmp_path: Path) -> None:
    kept = Kept(learner(), tmp_path)
    kept.keeper.learner.crew = replace(kept.keeper.learner.crew, size=2)
    with kept.keeper as keeper:
        keeper.while_validating(Place(1, 3))
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(3):
            keeper.while_validating(Place(1, 3))
    assert kept.places == [(1, 3)]


def test_told_to_stop_after_its_last_epoch_a_run_finishes(tmp_path: Path) -> None:
    kept = Kept(learner(), tmp_path)
    with kept.keeper as keeper:
        os.kill(os.getpid(), signal.SIGTERM)
        keeper.after_epoch(Place(CONFIG.epochs + 1, 0))
    assert kept.places == [(CONFIG.epochs + 1, 0)]


def test_in_another_thread_signals_are_left_alone(tmp_path: Path) -> None:
    kept = Kept(learner(), tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def enter() -> None:
        with kept.keeper:
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]


def test_being_stopped_is_no_error_of_use() -> None:
    assert not issubclass(Interrupted, (Exception, UsageError))
