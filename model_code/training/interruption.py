"""Being told to stop, or simply killed. Spot reclaims and schedulers send SIGTERM, and SIGKILL some seconds later."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Final

from model_code.progress import console
from model_code.training.checkpoint import Checkpoints, Place
from model_code.training.config import TrainConfig
from model_code.training.learner import Learner

EXIT_CODE: Final = 128 + signal.SIGTERM
"""143, what a shell tells of a process that SIGTERM ended: no success, for nothing is finished, and no fault of the run."""


class Interrupted(SystemExit):
    """The run was told to stop and has saved where it stands."""

    def __init__(self) -> None:
        super().__init__(EXIT_CODE)


class Keeper:
    """Saves the run's state when it is time to, and ends the run when SIGTERM has come.

    In the context, SIGTERM is a wish to save after the running step. Outside the main thread signals cannot be taken; there
    only the checkpoints by time, by steps and by epochs are left.
    """

    def __init__(self, states: Checkpoints, learner: Learner, config: TrainConfig) -> None:
        self.states, self.learner, self.config = states, learner, config
        self.asked = False
        self._saved = time.monotonic()
        self._written: tuple[int, int] | None = None
        self._before: Any = None

    def __enter__(self) -> Keeper:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._take)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def after_step(self, place: Place) -> None:
        """Saves if it is time to.

        Raises:
            Interrupted: SIGTERM has come, to any of the processes.
        """
        self._end_if_asked(place)
        by_time = 0 < self.config.checkpoint_seconds <= time.monotonic() - self._saved
        by_steps = self.config.checkpoint_steps > 0 and place.step % self.config.checkpoint_steps == 0
        if self.learner.crew.any(by_time or by_steps):
            self._save(place)

    def while_validating(self, place: Place) -> None:
        """Between two batches, which are not as many on each process; so one that is not alone saves and goes on to the end.

        Raises:
            Interrupted: SIGTERM has come.
        """
        if self.learner.crew.size == 1:
            self._end_if_asked(place)
        elif self.asked and (place.epoch, place.step) != self._written:
            self._write(place)

    def after_epoch(self, place: Place) -> None:
        """Saves in any case.

        Raises:
            Interrupted: SIGTERM has come, and the run has epochs left.
        """
        self._save(place)
        if place.epoch <= self.config.epochs:
            self._end_if_asked(place, saved=True)

    def _end_if_asked(self, place: Place, *, saved: bool = False) -> None:
        crew = self.learner.crew
        if not crew.any(self.asked):
            return
        if not saved:
            self._save(place)
        console.print(f"told to stop: saved after step {place.step} of epoch {place.epoch}; run the same again to go on")
        raise Interrupted

    def _save(self, place: Place) -> None:
        """On all processes at once, whose running values become one, as they are when a run goes on."""
        self.learner.share_buffers()
        self._write(place)

    def _write(self, place: Place) -> None:
        if self.learner.crew.leads:
            place.settle()
            self.states.save(self.learner, place)
        self._saved, self._written = time.monotonic(), (place.epoch, place.step)

    def _take(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (the signature of a handler)
        self.asked = True
