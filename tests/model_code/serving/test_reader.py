"""Films that come together are scored together, each caller gets its own answer, and the answer is the predictor's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, cast

import pytest

from model_code.cpus import usable_cpus
from model_code.errors import ImageError
from model_code.predictor import Predictor
from model_code.reading import Reading
from model_code.serving.metrics import Metrics
from model_code.serving.reader import FILMS_A_PASS, Reader
from tests.films import dicom, png, ramp, real_film

WAIT = 30
"""Seconds after which a test that hangs fails."""


class Steps:
    """A predictor of text: it upper-cases, notes who shared a pass, and works only when it is let."""

    def __init__(self) -> None:
        self.passes: list[list[str]] = []
        self.go = threading.Event()
        self.decoded = 0

    def decode(self, data: bytes) -> str:
        self.decoded += 1
        if data == b"unreadable":
            raise ImageError("unreadable", "no image")
        return data.decode()

    def predict(self, image: str) -> str:
        if image == "poison":
            raise RuntimeError
        return image.upper()

    def predict_many(self, images: Sequence[str]) -> list[str]:
        assert self.go.wait(WAIT)
        self.passes.append(list(images))
        return [self.predict(image) for image in images]

    def encode(self, image: str, scores: str) -> Told:
        return Told(f"{image} {scores}")

    def refuse(self, error: ImageError) -> Told:
        return Told(error.code)


class Told(str):
    """An answer."""

    def model_copy(self, update: dict[str, Any]) -> Told:
        assert set(update) == {"timing_ms"}
        return self


class Uncounted(Metrics):
    def answered(self, reading: Reading, timing: object) -> None:
        pass


def reader_of(steps: Steps | Predictor, **options: int) -> Reader:
    loaded: Future[Predictor] = Future()
    loaded.set_result(cast(Predictor, steps))
    return Reader(loaded, Uncounted(), **options)


async def read_all(reader: Reader, films: Sequence[bytes]) -> list[Any]:
    answers = asyncio.gather(*(reader.read(film) for film in films), return_exceptions=True)
    return await asyncio.wait_for(answers, WAIT)


async def until(steps: Steps, decoded: int) -> None:
    async with asyncio.timeout(WAIT):
        while steps.decoded < decoded:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


def together(steps: Steps, films: Sequence[bytes], **options: int) -> list[Any]:
    """Sends one film, and the others while the model works on it."""

    async def run() -> list[Any]:
        reader = reader_of(steps, **options)
        first = asyncio.create_task(reader.read(films[0]))
        await until(steps, 1)
        others = asyncio.create_task(read_all(reader, films[1:]))
        await until(steps, min(len(films), usable_cpus() + options.get("films_a_pass", FILMS_A_PASS)))
        steps.go.set()
        return [await asyncio.wait_for(first, WAIT), *await others]

    return asyncio.run(run())


def test_a_film_that_comes_alone_has_a_pass_of_its_own() -> None:
    steps = Steps()
    steps.go.set()
    assert asyncio.run(read_all(reader_of(steps), [b"a"])) == ["a A"]
    assert steps.passes == [["a"]]


def test_films_that_came_while_the_model_worked_share_its_next_pass() -> None:
    steps = Steps()
    assert together(steps, [b"a", b"b", b"c"]) == ["a A", "b B", "c C"]
    assert [sorted(one) for one in steps.passes] == [["a"], ["b", "c"]]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_pass_has_a_limit_and_every_caller_gets_its_own_answer(most: int) -> None:
    steps = Steps()
    films = [f"film{index}" for index in range(12)]
    assert together(steps, [film.encode() for film in films], films_a_pass=most) == [f"{film} {film.upper()}" for film in films]
    assert sorted(film for one in steps.passes for film in one) == sorted(films)
    assert max(map(len, steps.passes)) == most


def test_an_unreadable_file_takes_no_pass() -> None:
    steps = Steps()
    assert together(steps, [b"a", b"unreadable", b"b"]) == ["a A", "unreadable", "b B"]
    assert sorted(film for one in steps.passes for film in one) == ["a", "b"]


def test_a_film_that_the_model_fails_on_fails_alone() -> None:
    steps = Steps()
    first, second, poison, last = together(steps, [b"a", b"b", b"poison", b"c"])
    assert (first, second, last) == ("a A", "b B", "c C")
    assert isinstance(poison, RuntimeError)
    assert any("poison" in one and len(one) > 1 for one in steps.passes)


def test_a_caller_that_goes_takes_nobody_along() -> None:
    steps = Steps()

    async def run() -> list[Any]:
        reader = reader_of(steps)
        gone = asyncio.create_task(reader.read(b"gone"))
        stays = asyncio.create_task(reader.read(b"stays"))
        await until(steps, 2)
        gone.cancel()
        steps.go.set()
        return [await asyncio.wait_for(stays, WAIT), *await read_all(reader, [b"later"])]

    assert asyncio.run(run()) == ["stays STAYS", "later LATER"]


def test_only_few_films_are_decoded_ahead_of_the_model() -> None:
    steps = Steps()
    together(steps, [b"film"] * 20)  # fails where more are decoded, for the first ones wait for the model

    async def run() -> int:
        steps.decoded = 0
        steps.go.clear()
        reader = reader_of(steps)
        reading = asyncio.create_task(read_all(reader, [b"film"] * 20))
        await until(steps, usable_cpus() + FILMS_A_PASS)
        ahead = steps.decoded
        steps.go.set()
        await reading
        return ahead

    assert asyncio.run(run()) == usable_cpus() + FILMS_A_PASS


def test_nothing_is_started_before_the_first_film() -> None:
    before = set(threading.enumerate())
    reader = reader_of(Steps())
    assert not set(threading.enumerate()) - before and reader.predictor is not None


def test_a_model_that_is_not_loaded_or_failed_is_none() -> None:
    loading: Future[Predictor] = Future()
    reader = Reader(loading, Metrics())
    assert reader.predictor is None
    loading.set_exception(RuntimeError())
    assert reader.predictor is None


def test_readings_are_those_of_the_predictor_in_whichever_pass(predictor: Predictor, film: bytes) -> None:
    """To the last bit, with files among them that cannot be read or assessed."""
    films = [
        film,
        png(ramp(8)),
        film[:90],
        dicom(ramp(12), BitsStored=12),
        real_film("RG1_UNCR.dcm"),
        b"",
        film,
        png(ramp(8)[:64]),
    ]
    expected = [compared(predictor.read(one)) for one in films]
    answers = asyncio.run(read_all(reader_of(predictor), films * 3))
    assert [compared(answer) for answer in answers] == expected * 3
    for answer in answers:
        timing = answer.timing_ms
        assert timing.decode > 0 and timing.total >= max(timing.decode, timing.model)
        assert (timing.model > 0) == (answer.image is not None)


def compared(reading: Reading) -> str:
    """All that must be the same: not the reading's own name, nor its times."""
    return reading.model_dump_json(exclude={"id", "timing_ms"})
