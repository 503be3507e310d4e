"""Who is let in, who is told to come again, and what is kept of those who are not let in: nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from model_code.serving.intake import RETRY_AFTER_SECONDS, Intake
from model_code.serving.metrics import Metrics

LIMIT = 100


@dataclass
class Desk:
    """An application that answers with what it got, when it is let."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            message = await receive()
            assert not message["more_body"]
            self.got.append(message["body"])
            await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


@dataclass
class Client:
    """One request: what it sends, piece by piece, and what it was answered."""

    pieces: list[Message]
    method: str = "POST"
    answers: list[Message] = field(default_factory=list)
    taken: int = 0

    async def receive(self) -> Message:
        self.taken += 1
        if self.taken <= len(self.pieces):
            return self.pieces[self.taken - 1]
        await asyncio.Event().wait()  # nothing more comes
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.answers.append(message)

    async def ask(self, app: Intake) -> int | None:
        """The answer's status; None where there was none."""
        scope: dict[str, Any] = {"type": "http", "method": self.method, "path": "/invocations"}
        await asyncio.wait_for(app(scope, self.receive, self.send), 30)
        return int(self.answers[0]["status"]) if self.answers else None

    @property
    def header(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.answers[0]["headers"]}

    @property
    def detail(self) -> str:
        return str(json.loads(self.answers[1]["body"])["detail"])


def body(*pieces: bytes) -> list[Message]:
    last = len(pieces) - 1
    return [{"type": "http.request", "body": piece, "more_body": index < last} for index, piece in enumerate(pieces)]


def run(scene: Callable[[Desk, Intake], Awaitable[None]], **options: Any) -> Metrics:
    metrics = Metrics()

    async def play() -> None:
        desk = Desk()
        await scene(desk, Intake(desk, max_bytes=LIMIT, metrics=metrics, **options))

    asyncio.run(play())
    return metrics


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_beyond_the_places_films_are_sent_away_until_one_is_free() -> None:
    async def scene(desk: Desk, app: Intake) -> None:
        inside = [asyncio.create_task(Client(body(b"film")).ask(app)) for _ in range(2)]
        await turns()
        away = Client(body(b"fi", b"lm"))
        assert await away.ask(app) == 503
        assert away.header["retry-after"] == str(RETRY_AFTER_SECONDS) and "2 films are being read" in away.detail
        assert away.taken == 2  # its body was taken to the end, so that it can hear the answer
        assert await Client([], method="GET").ask(app) == 200  # pings and metrics always come through
        assert "overread_queue_length 2.0" in app.metrics.exposition().decode()
        desk.go.set()
        assert [await one for one in inside] == [200, 200]
        assert await Client(body(b"again")).ask(app) == 200
        assert desk.got == [b"film", b"film", b"again"]

    told = run(scene, places=2).exposition().decode()
    assert "overread_queue_length 0.0" in told and "overread_queue_places 2.0" in told


@pytest.mark.parametrize("pieces", [[b"x" * 101], [b"x" * 60, b"x" * 60], [b"x" * 60, b"x" * 60, b"x" * 200, b"x"]], ids=len)
def test_a_body_beyond_the_limit_is_refused_and_frees_its_place(pieces: list[bytes]) -> None:
    async def scene(desk: Desk, app: Intake) -> None:
        desk.go.set()
        large = Client(body(*pieces))
        assert await large.ask(app) == 413
        assert f"larger than the {LIMIT} bytes" in large.detail
        assert await Client(body(b"x" * LIMIT)).ask(app) == 200
        assert desk.got == [b"x" * LIMIT]

    run(scene, places=1)


def test_a_body_without_end_is_not_waited_for() -> None:
    async def scene(desk: Desk, app: Intake) -> None:
        large = Client([{"type": "http.request", "body": b"x" * 50, "more_body": True}] * 1000)
        assert await large.ask(app) == 413
        assert large.taken < 10

    run(scene)


def test_a_body_that_does_not_come_frees_its_place() -> None:
    async def scene(desk: Desk, app: Intake) -> None:
        slow = Client([{"type": "http.request", "body": b"x", "more_body": True}])
        assert await slow.ask(app) == 408
        assert "within 0.05 s" in slow.detail and app.inside == 0

    run(scene, body_seconds=0.05)


def test_a_client_that_goes_frees_its_place() -> None:
    async def scene(desk: Desk, app: Intake) -> None:
        assert await Client([*body(b"x", b"")[:1], {"type": "http.disconnect"}]).ask(app) is None
        assert app.inside == 0 and desk.got == []

    run(scene)


def test_a_failure_inside_frees_its_place() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError

    async def scene() -> None:
        app = Intake(fails, max_bytes=LIMIT, metrics=Metrics())
        with pytest.raises(RuntimeError):
            await Client(body(b"film")).ask(app)
        assert app.inside == 0

    asyncio.run(scene())
