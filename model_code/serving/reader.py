"""Many requests, one model: films are decoded in threads and scored together as far as they have come together.

There is no timer. While the model is busy films gather, and its next pass takes all of them, up to ``FILMS_A_PASS``; so a film
that comes alone is scored at once, and none waits for longer than the passes before it. A film's answer does not depend on
which films shared its pass.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeVar

from model_code.cpus import usable_cpus
from model_code.data.images import DecodedImage
from model_code.errors import ImageError
from model_code.graph import Scores
from model_code.predictor import Predictor
from model_code.reading import Reading, Timing
from model_code.serving.metrics import Metrics

FILMS_A_PASS: Final = 4
"""On 2 processors a film in a pass of 4 costs 0.8 to 0.9 of one alone (``bench.load``), of 8 no less, and its last waits."""

T = TypeVar("T")


class Waiting(NamedTuple):
    """A decoded film and its answer to come: the scores, and how many milliseconds its pass took."""

    image: DecodedImage
    answer: asyncio.Future[tuple[Scores, float]]


class Reader:
    """Reads films for many callers of one event loop. No thread is started before the first film."""

    def __init__(self, predictor: Future[Predictor], metrics: Metrics, *, films_a_pass: int = FILMS_A_PASS) -> None:
        self._loading, self._metrics, self._films_a_pass = predictor, metrics, films_a_pass
        self._decoders = ThreadPoolExecutor(usable_cpus(), "decode")
        self._model = ThreadPoolExecutor(1, "model")
        # an image waits with all its pixels, a file with its bytes only: few are decoded ahead of the model
        self._room = asyncio.Semaphore(usable_cpus() + films_a_pass)
        self._waiting: list[Waiting] = []
        self._passes: asyncio.Task[None] | None = None

    @property
    def predictor(self) -> Predictor | None:
        """The model; None as long as it is not loaded."""
        return self._loading.result() if self._loading.done() and not self._loading.exception() else None

    async def read(self, data: bytes) -> Reading:
        """The answer for one file's bytes, the same as ``Predictor.read`` gives.

        ``decode`` and ``model`` are the times of the work itself, ``total`` has the waiting too.
        """
        predictor = self._loading.result(timeout=0)
        started = time.perf_counter()
        async with self._room:
            decoding = time.perf_counter()
            try:
                image, decoded = await self._in(self._decoders, timed, predictor.decode, data)
            except ImageError as error:
                reading, decoded, modelled = predictor.refuse(error), _milliseconds(decoding), 0.0
            else:
                scores, modelled = await self._scored(predictor, image)
                reading = await self._in(self._decoders, predictor.encode, image, scores)
        timing = Timing(decode=decoded, model=modelled, total=_milliseconds(started))
        self._metrics.answered(reading, timing)
        return reading.model_copy(update={"timing_ms": timing})

    async def _scored(self, predictor: Predictor, image: DecodedImage) -> tuple[Scores, float]:
        one = Waiting(image, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._passes is None or self._passes.done():
            self._passes = asyncio.create_task(self._score_waiting(predictor))
        return await one.answer

    async def _score_waiting(self, predictor: Predictor) -> None:
        """Passes of the model until no film waits."""
        while self._waiting:
            together, self._waiting = self._waiting[: self._films_a_pass], self._waiting[self._films_a_pass :]
            try:
                scores, took = await self._in(self._model, timed, predictor.predict_many, [one.image for one in together])
            except Exception:  # whose fault it is shows when each film has a pass of its own
                for one in together:
                    await self._score_alone(predictor, one)
                continue
            self._metrics.passed(len(together))
            for one, answer in zip(together, scores, strict=True):
                if not one.answer.done():  # its caller may have gone
                    one.answer.set_result((answer, took))

    async def _score_alone(self, predictor: Predictor, one: Waiting) -> None:
        try:
            answer = await self._in(self._model, timed, predictor.predict, one.image)
        except Exception as error:
            if not one.answer.done():
                one.answer.set_exception(error)
        else:
            if not one.answer.done():
                one.answer.set_result(answer)

    async def _in(self, threads: ThreadPoolExecutor, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)


def timed(work: Callable[..., T], *arguments: Any) -> tuple[T, float]:
    """What the work gives, and the milliseconds that it took."""
    started = time.perf_counter()
    return work(*arguments), _milliseconds(started)


def _milliseconds(since: float) -> float:
    return round((time.perf_counter() - since) * 1000, 2)
